import { roundToBlocks } from './block-products.ts'
import { floatsIn, type Value } from './graph-builder.ts'
import { layColumns } from './lay-columns.ts'
import { openRows } from './matrix-rows.ts'
import type { Products } from './products.ts'

/**
 * Products of single-precision floats over the same rounded weights as the WebGPU graph:
 * what that graph is measured against.
 */
export const floatProducts: Products = {
  declare(graph, name, rows) {
    const { inputs, outputs } = rows
    const spec = { name: `${name}.float`, type: 'float', dims: [inputs, outputs] } as const
    const tensors = graph.weights([{ ...spec, dims: [...spec.dims] }], async (source) => {
      const eachRows = await openRows(rows, source)
      return (place) => {
        const columns: Float32Array = floatsIn(place)
        eachRows((weights, first) => layColumns(roundToBlocks(weights), columns, rows, first))
      }
    })
    return { tensors, inputs, outputs }
  },

  multiply(graph, input, { tensors }) {
    return graph.apply('MatMul', [input, tensors[0]!])
  },

  lookUp(graph, tokenIds, { tensors }) {
    const [columns] = tensors as [Value]
    const picked = graph.apply('Gather', [columns, tokenIds], { axis: { int: 1 } })
    return graph.apply('Transpose', [picked], { perm: { ints: [1, 2, 0] } })
  },
}

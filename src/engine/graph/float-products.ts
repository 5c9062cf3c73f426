import { roundToBlocks } from './block-products.ts'
import type { Value } from './graph-builder.ts'
import type { Products } from './products.ts'

/**
 * Products of single-precision floats over the same rounded weights as the WebGPU graph:
 * what that graph is measured against.
 */
export const floatProducts: Products = {
  declare(graph, name, rows) {
    const { inputs, outputs } = rows
    const spec = { name: `${name}.float`, type: 'float', dims: [inputs, outputs] } as const
    const tensors = graph.weights([{ ...spec, dims: [...spec.dims] }], async (source) => [
      new Uint8Array(transpose(roundToBlocks(await rows.read(source)), inputs, outputs).buffer),
    ])
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

function transpose(rows: Float32Array, inputs: number, outputs: number): Float32Array<ArrayBuffer> {
  const columns = new Float32Array(rows.length)
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      columns[input * outputs + output] = rows[output * inputs + input]!
    }
  }
  return columns
}

import type { Value } from '../../src/engine/graph/graph-builder.ts'
import { declareInt8 } from '../../src/engine/graph/int8-products.ts'
import { elementTypes } from '../../src/engine/graph/onnx-encoding.ts'
import type { Products } from '../../src/engine/graph/products.ts'

/**
 * Products of 8-bit integers as most published folders have them: all activations of a step share one scale, so that
 * the runtime computes a product in one operator. Quicker than rows with scales of their own, and far less exact.
 */
export const dynamicProducts: Products = {
  declare(graph, name, rows) {
    const { inputs, outputs } = rows
    const dims = { columns: [inputs, outputs], scales: [outputs] }
    return { tensors: declareInt8(graph, name, rows, dims, 1), inputs, outputs }
  },

  multiply(graph, input, { tensors }) {
    const [columns, scales] = tensors as [Value, Value]
    const results: [Value, Value, Value] = [
      graph.nextName('quantised'),
      graph.nextName('scale'),
      graph.nextName('zero'),
    ]
    const [quantised, scale, zero] = graph.applyMany('DynamicQuantizeLinear', [input], results)
    const sums = graph.apply('MatMulInteger', [quantised, columns, zero])
    const floats = graph.apply('Cast', [sums], { to: { int: elementTypes.float.number } })
    return graph.apply('Mul', [floats, graph.apply('Mul', [scale, scales])])
  },

  lookUp(graph, tokenIds, { tensors }) {
    const [columns, scales] = tensors as [Value, Value]
    const picked = graph.apply('Gather', [columns, tokenIds], { axis: { int: 1 } })
    const rows = graph.apply('Transpose', [picked], { perm: { ints: [1, 2, 0] } })
    const floats = graph.apply('Cast', [rows], { to: { int: elementTypes.float.number } })
    const scale = graph.apply('Gather', [scales, tokenIds], { axis: { int: 0 } })
    return graph.apply('Mul', [floats, graph.apply('Unsqueeze', [scale, graph.int64s([-1])])])
  },
}

import type { Value } from '../../src/engine/graph/graph-builder.ts'
import { int8Products } from '../../src/engine/graph/int8-products.ts'
import { elementTypes } from '../../src/engine/graph/onnx-encoding.ts'
import type { Products } from '../../src/engine/graph/products.ts'

/**
 * Products of 8-bit integers as most published folders have them: all activations of a step share one scale, so that
 * the runtime computes a product in one operator. Quicker than rows with scales of their own, and far less exact.
 */
export const dynamicProducts: Products = {
  ...int8Products,
  multiply(graph, input, { tensors }) {
    const [columns, scales] = tensors as [Value, Value]
    const [quantised, scale, zero] = graph.applyMany('DynamicQuantizeLinear', [input], 3) as [
      Value,
      Value,
      Value,
    ]
    const sums = graph.apply('MatMulInteger', [quantised, columns, zero])
    const floats = graph.apply('Cast', [sums], { to: { int: elementTypes.float.number } })
    return graph.apply('Mul', [floats, graph.apply('Mul', [scale, scales])])
  },
}

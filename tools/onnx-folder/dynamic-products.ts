import type { Value } from '../../src/engine/graph/graph-builder.ts'
import { createInt8Products } from '../../src/engine/graph/int8-products.ts'
import { elementTypes } from '../../src/engine/graph/onnx-encoding.ts'
import type { Products } from '../../src/engine/graph/products.ts'

/**
 * Products of 8-bit integers as most published folders have them: all activations of a step share one scale, so that
 * the runtime computes a product in one operator. Quicker than rows with scales of their own, and far less exact.
 */
export const dynamicProducts: Products = createInt8Products(
  1,
  () => 0,
  (graph, input, [columns, scales]) => {
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
)

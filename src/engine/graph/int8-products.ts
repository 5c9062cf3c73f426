import { floatsIn, type GraphBuilder, type Value } from './graph-builder.ts'
import { layByteColumns } from './lay-columns.ts'
import { eachRows, type MatrixRows, type ReadRows } from './matrix-rows.ts'
import { elementTypes } from './onnx-encoding.ts'
import type { Products } from './products.ts'
import { bitsOf, findScale, quantise } from './quantise.ts'

/**
 * Products of 8-bit integers: weights scaled per output, activations per row. A row's result depends on
 * that row alone, so it has the same bits whatever else is computed beside it.
 */
export const int8Products: Products = {
  declare(graph, name, rows) {
    const { inputs, outputs } = rows
    const tensors = graph.weights(
      [
        { name: `${name}.int8`, type: 'int8', dims: [inputs, outputs] },
        { name: `${name}.scale`, type: 'float', dims: [outputs] },
      ],
      async (source) => {
        const read = await rows.open(source)
        return (place, scales) => {
          const columns = new Int8Array(place.buffer, place.byteOffset, place.length)
          layQuantised(read, rows, columns, floatsIn(scales))
        }
      },
    )
    return { tensors, inputs, outputs }
  },

  multiply(graph, input, { tensors }) {
    const [columns, scales] = tensors as [Value, Value]
    const rowScale = findRowScale(graph, input)
    const unit = graph.apply('Div', [input, rowScale])
    const quantised = graph.apply('QuantizeLinear', [unit, graph.float(1), graph.uint8(128)])
    const zero = graph.uint8(128)
    return graph.applyContributed('MatMulIntegerToFloat', [quantised, columns, rowScale, scales, zero], {})
  },

  lookUp(graph, tokenIds, { tensors }) {
    const [columns, scales] = tensors as [Value, Value]
    const picked = graph.apply('Gather', [columns, tokenIds], { axis: { int: 1 } })
    const rows = graph.apply('Transpose', [picked], { perm: { ints: [1, 2, 0] } })
    const scale = graph.apply('Gather', [scales, tokenIds], { axis: { int: 0 } })
    const perRow = graph.apply('Unsqueeze', [scale, graph.int64s([-1])])
    return graph.apply('Mul', [
      graph.apply('Cast', [rows], { to: { int: elementTypes.float.number } }),
      perRow,
    ])
  },
}

/** The largest magnitude of each row becomes 127; the addend keeps a row of zeros from dividing by zero. */
function findRowScale(graph: GraphBuilder, input: Value): Value {
  const magnitude = graph.apply('Abs', [input])
  const largest = graph.apply('ReduceMax', [magnitude, graph.int64s([-1])], { keepdims: { int: 1 } })
  return graph.apply('Add', [graph.apply('Mul', [largest, graph.float(1 / 127)]), graph.float(1e-10)])
}

/** Quantises each row with a scale of its own, and lays the rows out as columns. */
function layQuantised(
  read: ReadRows,
  shape: Pick<MatrixRows, 'inputs' | 'outputs'>,
  columns: Int8Array,
  scales: Float32Array,
): void {
  const { inputs } = shape
  let room = new Int8Array(0)
  eachRows(read, shape, (rows, first) => {
    // The last rows may be fewer.
    if (room.length !== rows.length) room = new Int8Array(rows.length)
    const bits = bitsOf(rows)
    for (let start = 0, output = first; start < rows.length; start += inputs, output++) {
      scales[output] = quantiseRow(rows, bits, room, start, start + inputs)
    }
    layByteColumns(room, columns, shape, first)
  })
}

/** Quantises the weights from `start` to `end`; returns their scale. */
function quantiseRow(
  weights: Float32Array,
  bits: Uint32Array,
  quantised: Int8Array,
  start: number,
  end: number,
): number {
  const scale = findScale(bits, start, end)
  for (let i = start; i < end; i++) quantised[i] = quantise(weights[i]!, scale)
  return scale
}

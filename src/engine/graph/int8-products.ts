import { floatsIn, type GraphBuilder, type Value } from './graph-builder.ts'
import { layByteColumns } from './lay-columns.ts'
import { type EachRows, type MatrixRows, openRows } from './matrix-rows.ts'
import { elementTypes } from './onnx-encoding.ts'
import type { Products } from './products.ts'
import { quantiseGroups } from './row-kernel.ts'

/** Each row of activations is rounded to so many steps on either side of zero. */
const steps = 127

/**
 * Products of 8-bit integers: weights scaled per output, activations per row. A row's result depends on
 * that row alone, so it has the same bits whatever else is computed beside it. A row of zeros is divided by zero, but
 * whatever integers come of that are multiplied by zero again.
 */
export const int8Products: Products = createInt8Products(
  steps,
  spareOutputs,
  (graph, input, [columns, scales]) => {
    const magnitude = graph.apply('Abs', [input])
    const largest = graph.apply('ReduceMax', [magnitude, graph.int64s([-1])], { keepdims: { int: 1 } })
    const unit = graph.apply('Div', [input, largest])
    const zero = graph.uint8(128)
    const quantised = graph.apply('QuantizeLinear', [unit, graph.float(1 / steps), zero])
    return graph.applyContributed('MatMulIntegerToFloat', [quantised, columns, largest, scales, zero], {})
  },
)

/**
 * Returns products by integer columns, `[inputs, outputs + spare]`, whose scales are divided by `divisor` when they are kept;
 * `countSpare` tells how many outputs of zeros so many have behind them.
 */
export function createInt8Products(
  divisor: number,
  countSpare: (outputs: number) => number,
  multiply: (graph: GraphBuilder, input: Value, tensors: [columns: Value, scales: Value]) => Value,
): Products {
  return {
    declare(graph, name, rows) {
      const { inputs, outputs } = rows
      const spare = countSpare(outputs)
      const tensors = graph.weights(
        [
          { name: `${name}.int8`, type: 'int8', dims: [inputs, outputs + spare] },
          { name: `${name}.scale`, type: 'float', dims: [outputs + spare] },
        ],
        async (source) => {
          const eachRows = await openRows(rows, source)
          return (columns, room) => {
            const scales = floatsIn(room)
            layQuantised(eachRows, { inputs, outputs: outputs + spare }, columns, scales)
            scales.forEach((scale, output) => (scales[output] = scale / divisor))
            clearSpare(columns, scales, outputs, spare)
          }
        },
      )
      return { tensors, inputs, outputs, spare }
    },

    multiply: (graph, input, { tensors }) => multiply(graph, input, tensors as [Value, Value]),

    lookUp(graph, tokenIds, { tensors }) {
      const [columns, scales] = tensors as [Value, Value]
      const picked = graph.apply('Gather', [columns, tokenIds], { axis: { int: 1 } })
      const rows = graph.apply('Transpose', [picked], { perm: { ints: [1, 2, 0] } })
      const floats = graph.apply('Cast', [rows], { to: { int: elementTypes.float.number } })
      const divided = graph.apply('Gather', [scales, tokenIds], { axis: { int: 0 } })
      const scale = divisor === 1 ? divided : graph.apply('Mul', [divided, graph.float(divisor)])
      return graph.apply('Mul', [floats, graph.apply('Unsqueeze', [scale, graph.int64s([-1])])])
    },
  }
}

const cacheLineBytes = 64

/**
 * The runtime lays 128 inputs of eight outputs beside each other before it multiplies them. Where inputs lie a multiple of four
 * cache lines apart, so many fall into a few sets of the nearest cache, which holds eight or twelve in each, and every line is
 * fetched up to eight times. An odd number of lines spreads them over all sets.
 */
function spareOutputs(outputs: number): number {
  return outputs % (4 * cacheLineBytes) === 0 ? cacheLineBytes : 0
}

/** Their place may hold what was computed there before. */
function clearSpare(columns: Uint8Array, scales: Float32Array, outputs: number, spare: number): void {
  scales.fill(0, outputs)
  if (spare === 0) return
  for (let at = outputs; at < columns.length; at += outputs + spare) columns.fill(0, at, at + spare)
}

/** Quantises each row with a scale of its own, and lays the rows out as columns. */
function layQuantised(
  eachRows: EachRows,
  shape: Pick<MatrixRows, 'inputs' | 'outputs'>,
  columns: Uint8Array<ArrayBuffer>,
  scales: Float32Array,
): void {
  eachRows((rows, first) => {
    const quantised = quantiseGroups(rows, shape.inputs, 0)
    scales.set(quantised.scales, first)
    layByteColumns(quantised.bytes, columns, shape, first)
  })
}

import { floatsIn, type GraphBuilder, type Value } from './graph-builder.ts'
import { layByteColumns } from './lay-columns.ts'
import { type MatrixRows, openRows } from './matrix-rows.ts'
import { elementTypes } from './onnx-encoding.ts'
import type { Products } from './products.ts'
import { quantiseGroups } from './row-kernel.ts'

/** Each row of activations is rounded to so many steps on either side of zero. */
const steps = 127

/**
 * Outputs of a block, one cache line of weights for each input. At each step the runtime lays 128 inputs of eight outputs
 * beside each other before it multiplies them: from a block they come out of a few pages, from a whole matrix out of 128
 * places that are far apart and drive each other out of the cache.
 */
const blockOutputs = 64

/**
 * Products of 8-bit integers: weights scaled per output, activations per row. A row's result depends on
 * that row alone, so it has the same bits whatever else is computed beside it. A row of zeros is divided by zero, but
 * whatever integers come of that are multiplied by zero again.
 *
 * Weights lie in blocks, `[blocks, inputs, 64]`, the last one filled up with zeros. All rows must be on one axis,
 * `[1, rows, inputs]`: each block is then multiplied once, whatever texts they are of.
 */
export const int8Products: Products = {
  declare(graph, name, rows) {
    const { inputs, outputs } = rows
    const blocks = Math.ceil(outputs / blockOutputs)
    const dims = { columns: [blocks, inputs, blockOutputs], scales: [blocks, 1, blockOutputs] }
    return { tensors: declareInt8(graph, name, rows, dims, steps), inputs, outputs }
  },

  multiply(graph, input, { tensors, outputs }) {
    const magnitude = graph.apply('Abs', [input])
    const largest = graph.apply('ReduceMax', [magnitude, graph.int64s([-1])], { keepdims: { int: 1 } })
    const unit = graph.apply('Div', [input, largest])
    const zero = graph.uint8(128)
    const quantised = graph.apply('QuantizeLinear', [unit, graph.float(1 / steps), zero])
    const [columns, scales] = tensors as [Value, Value]
    const blocks = graph.applyContributed(
      'MatMulIntegerToFloat',
      [quantised, columns, largest, scales, zero],
      {},
    )
    const byRow = graph.apply('Transpose', [blocks], { perm: { ints: [1, 0, 2] } })
    const spare = -outputs & (blockOutputs - 1)
    const whole = graph.apply('Reshape', [byRow, graph.int64s([1, -1, outputs + spare])])
    return spare === 0 ? whole : graph.split(whole, [outputs, spare])[0]!
  },

  lookUp(graph, tokenIds, { tensors, inputs }) {
    const [columns, scales] = tensors as [Value, Value]
    const size = graph.int64s([blockOutputs])
    const block = graph.apply('Gather', [columns, graph.apply('Div', [tokenIds, size])], { axis: { int: 0 } })
    const within = graph.apply('Reshape', [graph.apply('Mod', [tokenIds, size]), graph.int64s([0, 0, 1, 1])])
    const places = graph.apply('Expand', [within, graph.int64s([1, 1, inputs, 1])])
    const column = graph.apply('GatherElements', [block, places], { axis: { int: 3 } })
    const floats = graph.apply('Cast', [column], { to: { int: elementTypes.float.number } })
    const divided = graph.apply('Gather', [graph.apply('Reshape', [scales, graph.int64s([-1])]), tokenIds])
    const scale = graph.apply('Mul', [divided, graph.float(steps)])
    const rows = graph.apply('Reshape', [floats, graph.int64s([0, 0, inputs])])
    return graph.apply('Mul', [rows, graph.apply('Unsqueeze', [scale, graph.int64s([-1])])])
  },
}

/**
 * Declares integers of those dimensions, outputs that lie beside each other last, and the scales of all outputs, divided by
 * `divisor`. What is left of the last block is zero.
 */
export function declareInt8(
  graph: GraphBuilder,
  name: string,
  rows: MatrixRows,
  dims: { columns: number[]; scales: number[] },
  divisor: number,
): Value[] {
  const { inputs, outputs } = rows
  const block = { inputs, outputs: dims.columns.at(-1)! }
  const specs = [
    { name: `${name}.int8`, type: 'int8', dims: dims.columns } as const,
    { name: `${name}.scale`, type: 'float', dims: dims.scales } as const,
  ]
  return graph.weights(specs, async (source) => {
    const eachRows = await openRows(rows, source)
    return (columns, room) => {
      const scales = floatsIn(room)
      if (outputs % block.outputs > 0) [columns, scales].forEach((place) => place.fill(0))
      eachRows((weights, first) => {
        const quantised = quantiseGroups(weights, inputs, 0)
        scales.set(
          quantised.scales.map((scale) => scale / divisor),
          first,
        )
        layBlocks(quantised.bytes, columns, block, first)
      })
    }
  })
}

/** Lays rows out as columns of their blocks, the first of them as the matrix's column `first`. */
function layBlocks(
  rows: Uint8Array<ArrayBuffer>,
  columns: Uint8Array<ArrayBuffer>,
  block: { inputs: number; outputs: number },
  first: number,
): void {
  const { inputs, outputs } = block
  const end = first + rows.length / inputs
  let at = first
  while (at < end) {
    const within = at % outputs
    const stop = Math.min(end, at - within + outputs)
    const some = rows.subarray((at - first) * inputs, (stop - first) * inputs)
    layByteColumns(some, columns.subarray((at - within) * inputs), block, within)
    at = stop
  }
}

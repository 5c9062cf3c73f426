import { EngineError } from '../../errors/index.ts'
import type { TensorSource } from '../gguf/tensor-source.ts'
import type { ModelConfig } from './model-config.ts'

/** A weight matrix, one row for each output, as it will be read from the model file. */
export type MatrixRows = {
  inputs: number
  outputs: number
  /** Reads the packed bytes; what it returns unpacks some rows of them at a time. */
  open: (tensors: TensorSource) => Promise<ReadRows>
}

/** Fills `target` with whole rows, from row `first` on. */
export type ReadRows = (first: number, target: Float32Array) => void

/** Returns a matrix of one tensor. */
export function tensorRows(name: string, inputs: number, outputs: number): MatrixRows {
  return {
    inputs,
    outputs,
    async open(tensors) {
      const dims = tensors.tensors.get(name)?.dims ?? []
      if (dims[0] !== inputs || dims[1] !== outputs) {
        throw new EngineError('engine/malformed-model', `Tensor ${name} has the wrong shape.`, {
          details: `${dims.join('×') || 'missing'} instead of ${inputs}×${outputs}`,
        })
      }
      const unpack = await tensors.open(name)
      return (first, target) => unpack(first * inputs, target)
    },
  }
}

/** Returns one matrix whose outputs are those of several, one after the other. */
export function stackRows(parts: MatrixRows[]): MatrixRows {
  const inputs = parts[0]!.inputs
  const outputs = parts.reduce((sum, part) => sum + part.outputs, 0)
  return {
    inputs,
    outputs,
    async open(tensors) {
      const readers = await Promise.all(parts.map((part) => part.open(tensors)))
      return (first, target) => {
        const last = first + target.length / inputs
        let start = 0
        for (const [index, part] of parts.entries()) {
          const from = Math.max(first, start)
          const end = Math.min(last, start + part.outputs)
          const room = () => target.subarray((from - first) * inputs, (end - first) * inputs)
          if (from < end) readers[index]!(from - start, room())
          start += part.outputs
        }
      }
    },
  }
}

/** Returns the matrix with each column times the scale of its input; without scales, the matrix itself. */
export function scaleInputs(rows: MatrixRows, scales: Float32Array | null): MatrixRows {
  if (!scales) return rows
  return changeRows(rows, (some) => {
    for (let start = 0; start < some.length; start += scales.length) multiplyEach(some, start, scales)
  })
}

/** Returns the matrix with each row divided by the scale of its output; without scales, the matrix itself. */
export function divideOutputs(rows: MatrixRows, scales: Float32Array | null): MatrixRows {
  if (!scales) return rows
  const { inputs } = rows
  return changeRows(rows, (some, first) => {
    for (let start = 0, output = first; start < some.length; start += inputs, output++) {
      multiplyAll(some, start, start + inputs, 1 / scales[output]!)
    }
  })
}

// Each row's loop is a function of its own: those in closures would be compiled anew for every matrix.

function multiplyEach(numbers: Float32Array, start: number, factors: Float32Array): void {
  let i = 0
  // Two counters are twice as fast as one and a sum, and four at a time as fast again.
  for (let at = start; i + 4 <= factors.length; i += 4, at += 4) {
    numbers[at] = numbers[at]! * factors[i]!
    numbers[at + 1] = numbers[at + 1]! * factors[i + 1]!
    numbers[at + 2] = numbers[at + 2]! * factors[i + 2]!
    numbers[at + 3] = numbers[at + 3]! * factors[i + 3]!
  }
  for (; i < factors.length; i++) numbers[start + i] = numbers[start + i]! * factors[i]!
}

function multiplyAll(numbers: Float32Array, start: number, end: number, factor: number): void {
  for (let i = start; i < end; i++) numbers[i] = numbers[i]! * factor
}

/** Returns the matrix with its rows changed in their place, as many at once as are read: `first` is the first of them. */
function changeRows(rows: MatrixRows, change: (some: Float32Array, first: number) => void): MatrixRows {
  return {
    ...rows,
    async open(tensors) {
      const read = await rows.open(tensors)
      return (first, target) => {
        read(first, target)
        change(target, first)
      }
    },
  }
}

/**
 * Query, key and value projections of a layer as one matrix, in the order of rotation by halves.
 * Values come out divided by `valueScales`.
 */
export function attentionRows(
  config: ModelConfig,
  layer: number,
  valueScales: Float32Array | null = null,
): MatrixRows {
  const { width, heads, kvHeads, headWidth, family } = config
  const projection = (name: string, count: number) =>
    tensorRows(`blk.${layer}.${name}.weight`, width, count * headWidth)
  const rotated = (name: string, count: number) =>
    family.rotatedPairs === 'adjacent'
      ? uninterleave(projection(name, count), headWidth)
      : projection(name, count)
  return stackRows([
    rotated('attn_q', heads),
    rotated('attn_k', kvHeads),
    divideOutputs(projection('attn_v', kvHeads), valueScales),
  ])
}

/** Returns the biases of a layer's query, key and value in one; the value's divided by `valueScales`. */
export async function attentionBias(
  tensors: TensorSource,
  layer: number,
  width: number,
  valueScales: Float32Array | null,
): Promise<Float32Array<ArrayBuffer>> {
  const whole = new Float32Array(width)
  let at = 0
  for (const name of ['attn_q', 'attn_k', 'attn_v']) {
    const bias = await tensors.read(`blk.${layer}.${name}.bias`)
    const isScaled = name === 'attn_v' && valueScales
    whole.set(isScaled ? bias.map((value, channel) => value / valueScales[channel]!) : bias, at)
    at += bias.length
  }
  return whole
}

/**
 * Some families' files keep the two rows of a rotated pair side by side; the rotary operators
 * want the first of every pair in the first half of a head.
 */
function uninterleave(rows: MatrixRows, headWidth: number): MatrixRows {
  const { inputs } = rows
  const half = headWidth / 2
  return {
    ...rows,
    async open(tensors) {
      const read = await rows.open(tensors)
      return (first, target) => {
        for (let row = 0; row * inputs < target.length; row++) {
          const within = (first + row) % headWidth
          const stored = first + row - within + (within % half) * 2 + Math.floor(within / half)
          read(stored, target.subarray(row * inputs, (row + 1) * inputs))
        }
      }
    },
  }
}

/** Rows that are unpacked and changed at once: as many as stay in the processor's cache. */
const rowsAtOnce = 64

/** Calls back with all rows, some at a time: `rows` holds those from `first` on until the callback returns. */
export function eachRows(
  read: ReadRows,
  { inputs, outputs }: Pick<MatrixRows, 'inputs' | 'outputs'>,
  use: (rows: Float32Array<ArrayBuffer>, first: number) => void,
): void {
  const room = new Float32Array(Math.min(rowsAtOnce, outputs) * inputs)
  for (let first = 0; first < outputs; first += rowsAtOnce) {
    const rows = room.subarray(0, Math.min(rowsAtOnce, outputs - first) * inputs)
    read(first, rows)
    use(rows, first)
  }
}

import { EngineError } from '../../errors/index.ts'
import type { TensorSource } from '../gguf/tensor-source.ts'
import type { ModelConfig } from './model-config.ts'
import { multiplyColumns, reserveRows } from './row-kernel.ts'

/** A weight matrix, one row for each output, as it will be read from the model file. */
export type MatrixRows = {
  inputs: number
  outputs: number
  /** Each column comes out times the scale of its input. */
  inputScales?: Float32Array | null
  /** Reads the packed bytes; what it returns unpacks some rows of them at a time. */
  open: (tensors: TensorSource) => Promise<ReadRows>
}

/** Fills `target` with whole rows, from row `first` on. */
type ReadRows = (first: number, target: Float32Array) => void

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

/** Returns the matrix with each row divided by the scale of its output; without scales, the matrix itself. */
export function divideOutputs(rows: MatrixRows, scales: Float32Array | null): MatrixRows {
  if (!scales) return rows
  const { inputs } = rows
  return {
    ...rows,
    async open(tensors) {
      const read = await rows.open(tensors)
      return (first, target) => {
        read(first, target)
        for (let start = 0, output = first; start < target.length; start += inputs, output++) {
          multiplyAll(target, start, start + inputs, 1 / scales[output]!)
        }
      }
    },
  }
}

/** A function of its own: a closure would be compiled anew for every matrix. */
function multiplyAll(numbers: Float32Array, start: number, end: number, factor: number): void {
  for (let i = start; i < end; i++) numbers[i] = numbers[i]! * factor
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

/** Calls back with all rows, some at a time: `rows` holds those from `first` on, in the kernel, until the callback returns. */
export type EachRows = (use: (rows: Float32Array<ArrayBuffer>, first: number) => void) => void

/** Reads a matrix's packed bytes; what it returns unpacks its rows and scales their columns. */
export async function openRows(
  { inputs, outputs, inputScales, open }: MatrixRows,
  tensors: TensorSource,
): Promise<EachRows> {
  const read = await open(tensors)
  return (use) => {
    const room = reserveRows(Math.min(rowsAtOnce, outputs), inputs)
    for (let first = 0; first < outputs; first += rowsAtOnce) {
      const rows = room.subarray(0, Math.min(rowsAtOnce, outputs - first) * inputs)
      read(first, rows)
      if (inputScales) multiplyColumns(rows, inputScales)
      use(rows, first)
    }
  }
}

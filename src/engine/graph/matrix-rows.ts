import { EngineError } from '../../errors/index.ts'
import type { TensorSource } from '../gguf/tensor-source.ts'
import type { ModelConfig } from './model-config.ts'

/** A weight matrix, one row for each output, as it will be read from the model file. */
export type MatrixRows = {
  inputs: number
  outputs: number
  read: (tensors: TensorSource) => Promise<Float32Array>
}

/** Returns a matrix of one tensor. */
export function tensorRows(name: string, inputs: number, outputs: number): MatrixRows {
  return {
    inputs,
    outputs,
    async read(tensors) {
      const dims = tensors.tensors.get(name)?.dims ?? []
      if (dims[0] !== inputs || dims[1] !== outputs) {
        throw new EngineError('engine/malformed-model', `Tensor ${name} has the wrong shape.`, {
          details: `${dims.join('×') || 'missing'} instead of ${inputs}×${outputs}`,
        })
      }
      return tensors.read(name)
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
    async read(tensors) {
      const whole = new Float32Array(inputs * outputs)
      let at = 0
      for (const part of parts) {
        const rows = await part.read(tensors)
        whole.set(rows, at)
        at += rows.length
      }
      return whole
    },
  }
}

/** Returns the matrix with each column times the scale of its input; without scales, the matrix itself. */
export function scaleInputs(rows: MatrixRows, scales: Float32Array | null): MatrixRows {
  return scales ? scaleEach(rows, (_, input) => scales[input]!) : rows
}

/** Returns the matrix with each row divided by the scale of its output; without scales, the matrix itself. */
export function divideOutputs(rows: MatrixRows, scales: Float32Array | null): MatrixRows {
  return scales ? scaleEach(rows, (output) => 1 / scales[output]!) : rows
}

function scaleEach(rows: MatrixRows, factor: (output: number, input: number) => number): MatrixRows {
  return {
    ...rows,
    async read(tensors) {
      const { inputs } = rows
      return (await rows.read(tensors)).map(
        (weight, index) => weight * factor(Math.floor(index / inputs), index % inputs),
      )
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
  const half = headWidth / 2
  return {
    ...rows,
    async read(tensors) {
      const stored = await rows.read(tensors)
      const ordered = new Float32Array(stored.length)
      for (let row = 0; row < rows.outputs; row++) {
        const within = row % headWidth
        const target = row - within + (within % 2) * half + (within >> 1)
        ordered.set(stored.subarray(row * rows.inputs, (row + 1) * rows.inputs), target * rows.inputs)
      }
      return ordered
    },
  }
}

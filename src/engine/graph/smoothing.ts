import { EngineError } from '../../errors/index.ts'

/**
 * Scales that move outliers of a product's input into its weights: the input is divided by them where it is made,
 * the weights multiplied (SmoothQuant, arXiv:2211.10438). Each is a power of the eighth root of two, so that one
 * byte names it and every machine computes the same number.
 */
export type Smoothing = {
  /** Returns the scale of each channel of a product's input, or null where the model file has none for it. */
  scalesOf(point: string, channels: number): Float32Array | null
}

/** Leaves every input as it is. */
export const noSmoothing: Smoothing = { scalesOf: () => null }

/** Names of the places where a product's input is made. */
export const smoothingPoints = {
  attentionInput: (layer: number) => `blk.${layer}.attn_norm`,
  attentionOutput: (layer: number) => `blk.${layer}.attn_output`,
  feedForwardInput: (layer: number) => `blk.${layer}.ffn_norm`,
  feedForwardOutput: (layer: number) => `blk.${layer}.ffn_down`,
  head: 'output_norm',
}

const stepsPerOctave = 8
/** 2^(0/8) … 2^(7/8), as the nearest doubles. */
const roots = [
  1, 1.0905077326652577, 1.189207115002721, 1.2968395546510096, 1.4142135623730951, 1.5422108254079407,
  1.681792830507429, 1.8340080864093424,
]

/** Returns the byte that names the scale nearest to `scale`. */
export function exponentOf(scale: number): number {
  return Math.max(-127, Math.min(127, Math.round(stepsPerOctave * Math.log2(scale))))
}

function scaleOf(exponent: number): number {
  const octave = Math.floor(exponent / stepsPerOctave)
  return roots[exponent - octave * stepsPerOctave]! * 2 ** octave
}

/** The scale of each exponent that a byte holds, from -128 on. */
const scales = Float32Array.from({ length: 256 }, (_, index) => scaleOf(index - 128))

/** Returns the smoothing that these exponents stand for. */
export function createSmoothing(exponents: ReadonlyMap<string, Int8Array>): Smoothing {
  return {
    scalesOf(point, channels) {
      const bytes = exponents.get(point)
      if (!bytes) return null
      if (bytes.length !== channels) {
        throw new EngineError('engine/malformed-model', `The smoothing of ${point} has the wrong length.`, {
          details: `${bytes.length} instead of ${channels}`,
        })
      }
      const found = new Float32Array(channels)
      for (let channel = 0; channel < channels; channel++) found[channel] = scales[bytes[channel]! + 128]!
      return found
    },
  }
}

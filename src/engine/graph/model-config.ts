import type { Family } from './family.ts'

/** Family and shape of a model. */
export type ModelConfig = {
  family: Family
  layers: number
  width: number
  heads: number
  kvHeads: number
  headWidth: number
  feedForwardWidth: number
  vocabularySize: number
  /** Longest text that the model was trained for. */
  contextTokens: number
  normEpsilon: number
  ropeBase: number
  /** Positions are divided by this before they rotate; not in windowed layers. */
  ropeDivisor: number
  /** Whether the file divides the frequency of each rotated pair by a number of its own; not in windowed layers. */
  frequencyFactors: boolean
  /** Layers with a window see this many tokens, themselves included; all but every `globalEvery`-th have one. */
  window: { tokens: number; globalEvery: number; ropeBase: number } | null
  /** Whether the embedding also serves as the output layer. */
  tiedEmbedding: boolean
}

/** Returns what the keys and values of one token take in all layers, in bytes. */
export function countCacheBytes({ layers, kvHeads, headWidth }: ModelConfig): number {
  return layers * 2 * kvHeads * headWidth * Float32Array.BYTES_PER_ELEMENT
}

/** Whether a layer sees only the tokens just before. */
export function isWindowed({ window }: ModelConfig, layer: number): boolean {
  return window !== null && (layer + 1) % window.globalEvery !== 0
}

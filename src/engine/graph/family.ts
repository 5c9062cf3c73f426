/** What sets a family of models apart from the transformer that all of them are. */
export type Family = {
  /** How a head's query and key are stored: the two numbers that rotate together side by side, or half a head apart. */
  rotatedPairs: 'adjacent' | 'halves'
  /** Whether a file may divide the frequency of each rotated pair by a number of its own. */
  frequencyFactors: boolean
  /** Whether queries, keys and values get a bias. */
  projectionBias: boolean
  /** Whether each head's query and key are normalised before they rotate. */
  headNorms: boolean
  /** Whether what attention and feed-forward give is normalised before it joins the stream. */
  branchNorms: boolean
  /** What the gate of the feed-forward goes through; GELU as its tanh form. */
  activation: 'silu' | 'gelu'
  /** Whether embeddings are multiplied by the square root of their width. */
  scaledEmbedding: boolean
  /** Layers that see only the tokens just before, all but every so manieth, and rotate with a base of their own. */
  window: { globalEvery: number; ropeBase: number } | null
}

/** All families, by `general.architecture` of the model file. */
export const families: Record<string, Family> = {
  llama: {
    rotatedPairs: 'adjacent',
    frequencyFactors: true,
    projectionBias: false,
    headNorms: false,
    branchNorms: false,
    activation: 'silu',
    scaledEmbedding: false,
    window: null,
  },
  qwen2: {
    rotatedPairs: 'halves',
    frequencyFactors: false,
    projectionBias: true,
    headNorms: false,
    branchNorms: false,
    activation: 'silu',
    scaledEmbedding: false,
    window: null,
  },
  qwen3: {
    rotatedPairs: 'halves',
    frequencyFactors: false,
    projectionBias: false,
    headNorms: true,
    branchNorms: false,
    activation: 'silu',
    scaledEmbedding: false,
    window: null,
  },
  gemma3: {
    rotatedPairs: 'halves',
    frequencyFactors: false,
    projectionBias: false,
    headNorms: true,
    branchNorms: true,
    activation: 'gelu',
    scaledEmbedding: true,
    window: { globalEvery: 6, ropeBase: 10_000 },
  },
}

import type { Hex } from './bytes.ts'

/** SHA-256 of the canonical manifest (RFC 8785), as 32 bytes. */
export type ModelId = Hex

/** One file of a model, and the hashes that every byte of it is checked against. */
export type ModelFile = {
  /** Relative to the manifest's base address; no `..`, no leading slash. */
  path: string
  bytes: number
  /** SHA-256 of the whole file. */
  sha256: Hex
  /** Every piece but the last has this many bytes. */
  pieceBytes: number
  /** SHA-256 of each piece, in order. */
  pieces: Hex[]
}

/** A fixed prompt with the answer every right engine gives, run once before a tab may sell. */
export type KnownAnswer = {
  promptIds: number[]
  /** Greedy continuation of the reference. */
  tokenIds: number[]
  /** Natural log-probability the reference gives each of `tokenIds`. */
  logProbs: number[]
  /** Largest mean absolute difference of log-probabilities that still passes, in nats. */
  toleranceNats: number
}

/** All that identifies a model. Anything that changes an answer changes its hash. */
export type ModelManifest = {
  version: 1
  name: string
  /** SPDX identifier. */
  license: string
  /** `general.architecture` of the GGUF file, such as `llama`. */
  family: string
  /** Longest prompt plus answer, in tokens. */
  contextTokens: number
  /** The first file is the GGUF file. */
  files: ModelFile[]
  knownAnswer: KnownAnswer
  /** Path of the file with the scales that keep 8-bit products close (see `npm run model:calibrate`). */
  smoothing?: string
}

/** A model that the page offers: its manifest and where its files lie. */
export type CatalogueEntry = {
  id: ModelId
  manifest: ModelManifest
  /** Base addresses that serve the manifest's files, preferred first. */
  sources: string[]
  /** One plain sentence for people. */
  description: string
}

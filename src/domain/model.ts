import type { Address, Hex } from './bytes.ts'

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
  /**
   * Left out for a GGUF file; `onnx-folder` for a folder in the layout of transformers.js, with one graph in `onnx/`.
   */
  format?: 'onnx-folder'
  /** `general.architecture` of the GGUF file or `model_type` of `config.json`, such as `llama`. */
  family: string
  /** Longest prompt plus answer, in tokens. */
  contextTokens: number
  /** The first file is the GGUF file; of a folder, the files that describe it come before the graph. */
  files: ModelFile[]
  knownAnswer: KnownAnswer
  /** Base addresses of servers that have the files too, such as a Hugging Face repository's `resolve` address. */
  mirrors?: string[]
  /** Path of the file with the scales that keep 8-bit products close (see `npm run model:calibrate`). */
  smoothing?: string
}

/** What a publisher says of a model in its manifest; the files say the rest. */
export type ModelFacts = Omit<ModelManifest, 'version' | 'files'>

/** A model as one publisher lists it on the chain. Its words are the publisher's: nobody has checked them. */
export type ModelListing = {
  /** Hash of model and publisher: the salt of channels that pay the royalty. */
  listingId: Hex
  modelId: ModelId
  publisher: Address
  /** The publisher's share of what the model earns, in hundredths of a percent; never changes. */
  royaltyBps: number
  /** Addresses of folders that serve the manifest and its files; none where tabs alone carry them. */
  sources: string[]
  /** Whether the publisher advises against it. */
  isDeprecated: boolean
}

/** What a publisher says of a model when it lists it. */
export type ModelRegistration = Pick<ModelListing, 'modelId' | 'royaltyBps' | 'sources'>

/** Returns the folders that a listing names and that a page may ask, each ending in a slash. */
export function listingFolders({ sources }: Pick<ModelListing, 'sources'>): string[] {
  return sources
    .filter((source) => folderPattern.test(source) && URL.canParse(source))
    .slice(0, listingLimits.sources)
    .map((source) => (source.endsWith('/') ? source : `${source}/`))
}

/** Web addresses without a query; unencrypted ones of this machine alone. */
const folderPattern = /^(https:\/\/[^\s?#]+|http:\/\/(localhost|127\.0\.0\.1)(:\d+)?(\/[^\s?#]*)?)$/

/** What the chain takes in one listing. */
export const listingLimits = { royaltyBps: 3000, sources: 8, sourceBytes: 512 } as const

/** A model that the page offers: its manifest and where its files lie. */
export type CatalogueEntry = {
  id: ModelId
  manifest: ModelManifest
  /** Base addresses that serve the manifest's files, preferred first. */
  sources: string[]
  /** One plain sentence for people. */
  description: string
  /** Account that published it, where the page's catalogue names one: its listing counts. */
  publisher?: Address
  /** The publisher's listing on the chain, whose royalty is paid for what the model earns. */
  listing?: ModelListing
}

/** The listing that a model's earnings owe a royalty to, or null. */
export function royaltyListing({ listing }: Pick<CatalogueEntry, 'listing'>): ModelListing | null {
  return listing && listing.royaltyBps > 0 ? listing : null
}

/** Returns what a model's royalty leaves of its earnings, from 0.7 to 1. */
export function keptShare(entry: Pick<CatalogueEntry, 'listing'>): number {
  return 1 - (royaltyListing(entry)?.royaltyBps ?? 0) / 10_000
}

import type { Hex } from '../../domain/bytes.ts'
import type { ChannelConfig, Voucher } from '../../domain/channel.ts'
import type { Hub } from '../../domain/hub.ts'
import type { ChatTerms, EmbedTerms, FinishReason } from '../../domain/job.ts'
import type { Offer } from '../../domain/offer.ts'
import type { MicroUsd, TokenCount } from '../../domain/price.ts'
import type { SignedReceipt } from '../../domain/receipt.ts'
import type { PeerError } from '../../errors/index.ts'

/** What a job came to, whatever its task. */
export type Settled = {
  offer: Offer
  /** Channel that paid: to the provider, or to the hub. */
  channel: ChannelConfig
  /** Hub that handed the payments on; null where the provider was paid directly. */
  hub: Hub | null
  tokens: TokenCount
  promptHash: Hex
  /** Paid for it in all: what the provider charged, and the hub's spread on it. */
  chargeMicroUsd: MicroUsd
  /** What of it reached the provider, as far as is known: for a hub, what it confirmed. */
  handedOnMicroUsd: MicroUsd
  finishReason: FinishReason
  /** Null when the provider left without one; a wrong one is kept as evidence, and `error` says so. */
  receipt: SignedReceipt | null
  /** Last voucher given for it. */
  voucher: Voucher | null
  /** Why it broke off, if it did. */
  error: PeerError | null
}

/** An answer with all that is needed to check it again later. Structured-clone values only. */
export type Answer = Settled & {
  terms: ChatTerms
  text: string
  tokenIds: number[]
  /** Decode speed as it was felt here. */
  tokensPerSecond: number
}

/** Embeddings with all that is needed to check them again later. Structured-clone values only. */
export type Embeddings = Settled & {
  terms: EmbedTerms
  /** One for each text, `[embeddingWidth]` and of unit length; fewer where the job was cancelled. */
  vectors: Float32Array<ArrayBuffer>[]
}

/** What has just come of a job. */
export type OutputProgress =
  /** New text only. */
  | { type: 'tokens'; text: string; tokensPerSecond: number }
  /** How many of the texts are done. */
  | { type: 'embeddings'; done: number; of: number }

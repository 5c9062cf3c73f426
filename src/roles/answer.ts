import type { Hex } from '../domain/bytes.ts'
import type { ChannelConfig, Voucher } from '../domain/channel.ts'
import type { FinishReason, JobTerms } from '../domain/job.ts'
import type { Offer } from '../domain/offer.ts'
import type { MicroUsd, TokenCount } from '../domain/price.ts'
import type { SignedReceipt } from '../domain/receipt.ts'
import type { PeerError } from '../errors/index.ts'

/** An answer with all that is needed to check it again later. Structured-clone values only. */
export type Answer = {
  text: string
  tokenIds: number[]
  terms: JobTerms
  offer: Offer
  channel: ChannelConfig
  tokens: TokenCount
  promptHash: Hex
  /** Paid for this answer. */
  chargeMicroUsd: MicroUsd
  finishReason: FinishReason
  /** Decode speed as it was felt here. */
  tokensPerSecond: number
  /** Null when the provider left without one; a wrong one is kept as evidence, and `error` says so. */
  receipt: SignedReceipt | null
  /** Last voucher given for it. */
  voucher: Voucher | null
  /** Why it broke off, if it did. */
  error: PeerError | null
}

/** What happens on the way to an answer. */
export type AskEvent =
  | { type: 'choosing' }
  | { type: 'dialling'; offer: Offer; attempt: number }
  | { type: 'funding'; stage: 'faucet' | 'deposit'; amountMicroUsd: MicroUsd }
  | { type: 'accepted'; offer: Offer; promptTokens: number }
  | {
      type: 'tokens'
      /** New text only. */
      text: string
      tokens: TokenCount
      chargeMicroUsd: MicroUsd
      tokensPerSecond: number
    }

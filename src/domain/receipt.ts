import type { Address, Hex } from './bytes.ts'
import type { FinishReason } from './job.ts'
import type { ModelId } from './model.ts'
import type { MicroUsd, TokenCount } from './price.ts'

/** What a provider swears to have done. Two that differ for one job are proof of equivocation. */
export type Receipt = {
  jobId: Hex
  /** EIP-712 hash of the whole `JobTerms`. */
  termsHash: Hex
  provider: Address
  channelId: Hex
  modelId: ModelId
  arithmeticId: Hex
  /** Hash of the prompt's token ids, as the model reads them. */
  promptHash: Hex
  /** Head of the hash chain over the answer's tokens, chunk by chunk, or over the embeddings. */
  outputHead: Hex
  tokens: TokenCount
  chargeMicroUsd: MicroUsd
  finishReason: FinishReason
  /** Unix time in seconds. */
  issuedAtSeconds: number
}

/** A receipt with the EIP-712 signature of the provider it names. */
export type SignedReceipt = { receipt: Receipt; signature: Hex }

import type { Address, Hex } from '../domain/bytes.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { SignedReceipt } from '../domain/receipt.ts'

/** A job that this tab answered, with what proves it. Structured-clone values only. */
export type ServedJob = {
  jobId: Hex
  /** Unix time in milliseconds when it ended. */
  atMs: number
  /** Channel that paid: the requester's own, or the hub's. */
  channelId: Hex
  /** Hub that paid, or null for a direct channel. */
  hub: Address | null
  paidMicroUsd: MicroUsd
  /** What the channel's highest voucher promised when the job ended; a claim up to there pays this job. */
  promisedMicroUsd: MicroUsd
  receipt: SignedReceipt
}

/** A claim that reached the chain. */
export type ClaimRecord = {
  /** Unix time in milliseconds. */
  atMs: number
  transaction: Hex
  settledMicroUsd: MicroUsd
  /** Taken by the hub that sent it; 0 where this account paid its own gas. */
  feeMicroUsd: MicroUsd
  /** How far each channel is claimed since. */
  channels: { channelId: Hex; totalClaimedMicroUsd: MicroUsd }[]
}

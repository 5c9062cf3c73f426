import type { Address, Hex } from '../domain/bytes.ts'
import { promisedBy } from '../domain/channel.ts'
import { chargeWithin } from '../domain/hub.ts'
import type { FinishReason } from '../domain/job.ts'
import type { ModelId } from '../domain/model.ts'
import type { MicroUsd, TokenCount } from '../domain/price.ts'
import type { SignedReceipt } from '../domain/receipt.ts'
import type { ClaimRecord, ServedJob } from '../roles/provide/served-jobs.ts'
import type { Answer } from '../roles/tasks/answer.ts'
import type { Movement } from './movement.ts'

/** One answer that was paid for, asked or given here: what a table shows and an export writes. */
export type ReceiptRow = {
  side: 'asked' | 'answered'
  /** Where an answer that was asked is kept; the job's id for one that was given. */
  key: string
  atMs: number
  jobId: Hex
  modelId: ModelId
  /** Null where only the model's id was kept. */
  modelName: string | null
  provider: Address
  /** Relay that passed the payment on, or null where it went directly. */
  hub: Address | null
  channelId: Hex
  tokens: TokenCount
  finishReason: FinishReason
  /** What the provider charged. */
  chargeMicroUsd: MicroUsd
  /** What the relay took on top; null without one, and where this side does not know it. */
  relayMicroUsd: MicroUsd | null
  /** What this tab paid or was paid. */
  amountMicroUsd: MicroUsd
  /** What the channel's vouchers promised when the answer ended: a claim up to there pays it. */
  promisedMicroUsd: MicroUsd | null
  receipt: SignedReceipt | null
}

/** Returns the row of an answer that was asked here. */
export function askedRow(key: string, atMs: number, modelName: string, answer: Answer): ReceiptRow {
  const { terms, tokens, finishReason, receipt, voucher, hub, chargeMicroUsd: amountMicroUsd } = answer
  const chargeMicroUsd = chargeWithin(amountMicroUsd, hub)
  return {
    side: 'asked',
    key,
    atMs,
    jobId: terms.jobId,
    modelId: terms.modelId,
    modelName,
    provider: terms.provider,
    hub: hub && hub.account,
    channelId: terms.channelId,
    tokens,
    finishReason,
    chargeMicroUsd,
    relayMicroUsd: hub && amountMicroUsd - chargeMicroUsd,
    amountMicroUsd,
    promisedMicroUsd: voucher && promisedBy(voucher),
    receipt,
  }
}

/** Returns the row of an answer that was given here. */
export function answeredRow(job: ServedJob): ReceiptRow {
  const { receipt } = job.receipt
  return {
    side: 'answered',
    key: job.jobId,
    atMs: job.atMs,
    jobId: job.jobId,
    modelId: receipt.modelId,
    modelName: null,
    provider: receipt.provider,
    hub: job.hub,
    channelId: job.channelId,
    tokens: receipt.tokens,
    finishReason: receipt.finishReason,
    chargeMicroUsd: receipt.chargeMicroUsd,
    relayMicroUsd: null,
    amountMicroUsd: job.paidMicroUsd,
    promisedMicroUsd: job.promisedMicroUsd,
    receipt: job.receipt,
  }
}

/** A transaction that put money into a channel. */
export type DepositMade = Pick<Movement, 'atMs' | 'channelId'> & { transaction: Hex }

/** Returns the deposit that an answer which was asked here was paid from: the last into its channel before it ended. */
export function depositOf(
  { side, channelId, atMs }: ReceiptRow,
  movements: readonly Movement[],
): DepositMade | null {
  if (side === 'answered') return null
  const made = movements
    .filter(
      (moved): moved is Movement & DepositMade => moved.kind === 'deposit' && moved.transaction !== null,
    )
    .filter((moved) => moved.channelId === channelId && moved.atMs <= atMs)
  return made.toSorted((a, b) => b.atMs - a.atMs)[0] ?? null
}

/** Returns the claim that collected an answer's pay: the first that reached what its channel promised then. */
export function claimOf(row: ReceiptRow, claims: readonly ClaimRecord[]): ClaimRecord | null {
  const { channelId, promisedMicroUsd } = row
  if (promisedMicroUsd === null) return null
  const reaches = (claim: ClaimRecord) =>
    claim.channels.some(
      (channel) => channel.channelId === channelId && channel.totalClaimedMicroUsd >= promisedMicroUsd,
    )
  return claims.filter(reaches).toSorted((a, b) => a.atMs - b.atMs)[0] ?? null
}

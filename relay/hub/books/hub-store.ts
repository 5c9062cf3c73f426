import type { Address, Hex } from '../../../src/domain/bytes.ts'
import type { Voucher } from '../../../src/domain/channel.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import type { ChannelRecord, VoucherStore } from '../../../src/ports/voucher-store.ts'

/** A job that a hub pays for, and what of it is paid. Amounts are cumulative. */
export type HubJobRecord = {
  jobId: Hex
  /** Requester's channel to the hub. */
  payerChannelId: Hex
  provider: Address
  /** Hub's channel to the provider. */
  payeeChannelId: Hex
  /** The most that the provider may charge. */
  ceilingMicroUsd: MicroUsd
  spreadMillionths: number
  /** Handed on to the provider; the requester was charged this and the spread on it. */
  chargeMicroUsd: MicroUsd
  /** Unix time in milliseconds. */
  openedAtMs: number
}

/** One payment on its way through the hub: both legs, kept together or not at all. */
export type Forwarding = {
  jobId: Hex
  /** What the job has been charged in all after this. */
  chargeMicroUsd: MicroUsd
  /** A voucher of the payer, checked. */
  incoming: Voucher
  /** Hub's voucher to the provider: its last one and the rises of all charges that are forwarded to it at once. */
  outgoing: Voucher
}

/** A fee that a payer's channel paid. */
export type FeeRecord = {
  channelId: Hex
  feeMicroUsd: MicroUsd
  /** Unix time in milliseconds. */
  atMs: number
  /** Id of the deposit that it was for (`depositIdOf`); absent where it was for something else. */
  deposit?: Hex
}

/** A refund that is about to be sent or was, and whose end the chain has not shown yet. */
export type RefundRecord = {
  /** Requester's channel to the hub. */
  channelId: Hex
  /** Which of its channel's refunds it is, counted from 0; the contract makes each once. */
  number: bigint
  /** What the hub will have claimed of the channel in all; the rest goes back to its payer. */
  totalClaimedMicroUsd: MicroUsd
  /** Part of that. */
  feeMicroUsd: MicroUsd
  feeVoucher: Voucher
  /** Unix time in milliseconds. */
  sinceMs: number
}

/** Sums over all that the hub ever did on this network. */
export type HubTotals = {
  jobs: number
  /** Charged by providers and handed on. */
  volumeMicroUsd: MicroUsd
  /** Taken from requesters on top of it. */
  spreadMicroUsd: MicroUsd
  feesMicroUsd: MicroUsd
  /** Promised to providers, and claimed of payers' channels. */
  promisedMicroUsd: MicroUsd
  claimedMicroUsd: MicroUsd
}

/** A payer's channel of which more is used up than was claimed. */
export type EarnedRecord = { channelId: Hex; attributedMicroUsd: MicroUsd; claimedMicroUsd: MicroUsd }

/** What is no longer needed, by age as Unix times in milliseconds. */
export type PruneLimits = {
  /** Jobs that were never paid, opened before this. */
  unpaidBeforeMs: number
  /** All jobs and fees from before this: their sums stay. */
  allBeforeMs: number
  /** Jobs that stay however old they are. */
  openJobs: ReadonlySet<Hex>
}

/**
 * What a hub must never forget. Each change is one atomic step, and on disk when its promise resolves: a hub that is
 * killed at any instant comes back with both legs of a payment or with neither.
 */
export interface HubStore extends VoucherStore {
  /** Adds a job; one that is known is left as it is. */
  addJob(job: HubJobRecord): Promise<void>
  job(jobId: Hex): Promise<HubJobRecord | null>
  /** The hub's channels to a provider. */
  channelsTo(provider: Address): Promise<ChannelRecord[]>
  /** All of the hub's channels to providers, and what it has promised on each. */
  promises(): Promise<{ channelId: Hex; promisedMicroUsd: MicroUsd }[]>
  /** Payers' channels of which more is used up than was claimed, as far as the books know. */
  unclaimed(): Promise<EarnedRecord[]>
  /** Payers' channels of which a claim has been noted since this Unix time in milliseconds. */
  claimedSince(sinceMs: number): Promise<Pick<EarnedRecord, 'channelId' | 'claimedMicroUsd'>[]>
  /** Like every voucher store's, and notes when that was, in Unix milliseconds. */
  raiseClaimed(channelId: Hex, claimedMicroUsd: MicroUsd, atMs?: number): Promise<void>
  /**
   * Keeps payments: the payer's voucher if it is higher than the one kept, the job's charge, what is attributed (the
   * rise of the charge and of the spread on it), and the hub's voucher. All of them or, when any breaks a rule, none.
   * @throws StorageError `storage/not-found` for an unknown job or channel
   * @throws LedgerError `ledger/unattributed` when more would be attributed than the payer's vouchers promise,
   *   `ledger/voucher-replayed` when a charge falls, `ledger/overcharged` when it passes the job's ceiling,
   *   `ledger/voucher-foreign`, `ledger/out-of-step` when the hub's voucher is not its last one and the rises
   */
  forward(forwardings: readonly Forwarding[]): Promise<void>
  /** Keeps a fee and the voucher that pays it, by the same rules. */
  addFee(fee: FeeRecord, incoming: Voucher): Promise<void>
  /** Whether a fee for this deposit is kept. */
  hasFeeFor(deposit: Hex): Promise<boolean>
  /** Keeps that a channel is being paid back; a refund of it that is known is left as it is. */
  beginRefund(refund: RefundRecord): Promise<void>
  /** What is being paid back of a channel, or null. */
  refund(channelId: Hex): Promise<RefundRecord | null>
  refunds(): Promise<RefundRecord[]>
  /**
   * Forgets a refund. One that is `done` leaves its fee, and what it claimed counts as claimed and used up. Again is
   * no harm.
   * @throws StorageError `storage/not-found` for an unknown channel
   */
  endRefund(channelId: Hex, end: 'done' | 'dropped'): Promise<void>
  /**
   * What jobs and fees have used up of a payer's vouchers, or claims where they took more: those paid for what is
   * forgotten. Nothing for a channel that was never added.
   */
  attributed(payerChannelId: Hex): Promise<MicroUsd>
  totals(): Promise<HubTotals>
  /**
   * Deletes some of what is no longer needed, and returns whether there may be more. What channels promised, used up
   * and claimed stays for good: a job that is opened again after this is paid by new vouchers alone.
   */
  prune(limits: PruneLimits): Promise<boolean>
  close(): Promise<void>
}

import type { Hex } from '../../../src/domain/bytes.ts'
import { type Voucher, promisedBy } from '../../../src/domain/channel.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import { StorageError } from '../../../src/errors/index.ts'
import type { ChannelRecord } from '../../../src/ports/voucher-store.ts'
import { raiseClaimed, raiseVoucher, unknownChannel } from '../../../src/storage/raise-channel.ts'
import type { Forwarding, HubJobRecord, RefundRecord } from './hub-store.ts'
import { refuseForeignVoucher, refuseOutOfStep, refuseUnattributed, riseOf } from './payment-rules.ts'

/** A requester's channel and what jobs and fees have used up of its vouchers. */
export type PayerAccount = { record: ChannelRecord; attributedMicroUsd: MicroUsd }

/** Reads what a store keeps, within the atomic step that is to change it. */
export type KeptAccounts = {
  job(jobId: Hex): HubJobRecord | null
  payer(channelId: Hex): PayerAccount | null
  payee(channelId: Hex): ChannelRecord | null
}

/** What forwardings change: to be written as one. */
export type Booked = {
  jobs: HubJobRecord[]
  payers: PayerAccount[]
  payees: ChannelRecord[]
  /** Rise of all charges. */
  volumeMicroUsd: MicroUsd
  /** Rise of the spread on them. */
  spreadMicroUsd: MicroUsd
}

type PayeeAccount = { record: ChannelRecord; outgoing: Voucher; promisedMicroUsd: MicroUsd }

/**
 * Returns what forwardings change, all of them together. Every store keeps to these rules.
 * @throws StorageError `storage/not-found`
 * @throws LedgerError when one breaks a rule of `HubStore.forward`
 */
export function bookForwardings(forwardings: readonly Forwarding[], kept: KeptAccounts): Booked {
  const jobs = new Map<Hex, HubJobRecord>()
  const payers = new Map<Hex, PayerAccount>()
  const payees = new Map<Hex, PayeeAccount>()
  let [volumeMicroUsd, spreadMicroUsd] = [0n, 0n]
  for (const { jobId, chargeMicroUsd, incoming, outgoing } of forwardings) {
    const job = jobs.get(jobId) ?? kept.job(jobId) ?? fail(unknownJob(jobId))
    const rise = riseOf(job, chargeMicroUsd)
    const payer = payers.get(job.payerChannelId) ?? knownPayer(job.payerChannelId, kept)
    const payee = payees.get(job.payeeChannelId) ?? startPayee(job.payeeChannelId, kept, outgoing)
    jobs.set(jobId, { ...job, chargeMicroUsd })
    payers.set(job.payerChannelId, bookIncoming(payer, incoming, rise.attributedMicroUsd))
    payees.set(job.payeeChannelId, bookOutgoing(payee, outgoing, rise.chargeMicroUsd))
    volumeMicroUsd += rise.chargeMicroUsd
    spreadMicroUsd += rise.attributedMicroUsd - rise.chargeMicroUsd
  }
  return {
    jobs: [...jobs.values()],
    payers: [...payers.values()],
    payees: [...payees.values()].map(finishPayee),
    volumeMicroUsd,
    spreadMicroUsd,
  }
}

/**
 * Returns a payer's account after a voucher of it and a use of it.
 * @throws LedgerError `ledger/voucher-foreign`, `ledger/unattributed`
 */
export function bookIncoming(
  { record, attributedMicroUsd }: PayerAccount,
  incoming: Voucher,
  riseMicroUsd: MicroUsd,
): PayerAccount {
  refuseForeignVoucher(incoming, record.channelId)
  const raised = raiseVoucher(record, incoming).record
  const attributed = attributedMicroUsd + riseMicroUsd
  refuseUnattributed(attributed, raised.voucher)
  return { record: raised, attributedMicroUsd: attributed }
}

/**
 * Returns a payer's account after a claim that the chain knows of. Books that are older than a claim, as a restored
 * copy may be, would otherwise let its vouchers be spent once more.
 */
export function bookClaimed(
  { record, attributedMicroUsd }: PayerAccount,
  claimedMicroUsd: MicroUsd,
): PayerAccount {
  const used = attributedMicroUsd > claimedMicroUsd ? attributedMicroUsd : claimedMicroUsd
  return { record: raiseClaimed(record, claimedMicroUsd), attributedMicroUsd: used }
}

/** Returns a payer's account after a refund that the chain has made: what it claimed, the fee included, is used up. */
export function bookRefund(
  { record, attributedMicroUsd }: PayerAccount,
  { feeVoucher, totalClaimedMicroUsd }: RefundRecord,
): PayerAccount {
  const raised = raiseVoucher(record, feeVoucher).record
  return bookClaimed({ record: raised, attributedMicroUsd }, totalClaimedMicroUsd)
}

/** Returns a payer's account. @throws StorageError `storage/not-found` */
export function knownPayer(channelId: Hex, kept: Pick<KeptAccounts, 'payer'>): PayerAccount {
  return kept.payer(channelId) ?? fail(unknownChannel(channelId))
}

function startPayee(channelId: Hex, kept: KeptAccounts, outgoing: Voucher): PayeeAccount {
  const record = kept.payee(channelId) ?? fail(unknownChannel(channelId))
  return { record, outgoing, promisedMicroUsd: promisedBy(record.voucher) }
}

function bookOutgoing(payee: PayeeAccount, outgoing: Voucher, riseMicroUsd: MicroUsd): PayeeAccount {
  refuseForeignVoucher(outgoing, payee.record.channelId)
  refuseOutOfStep(outgoing, payee.outgoing.maxClaimableAmount)
  return { ...payee, promisedMicroUsd: payee.promisedMicroUsd + riseMicroUsd }
}

function finishPayee({ record, outgoing, promisedMicroUsd }: PayeeAccount): ChannelRecord {
  refuseOutOfStep(outgoing, promisedMicroUsd)
  return raiseVoucher(record, outgoing).record
}

function unknownJob(jobId: Hex): StorageError {
  return new StorageError('storage/not-found', 'This job is not known here.', { details: `job ${jobId}` })
}

function fail(error: Error): never {
  throw error
}

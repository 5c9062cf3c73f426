import type { Hex } from '../../../src/domain/bytes.ts'
import { type Voucher, promisedBy } from '../../../src/domain/channel.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import { LedgerError } from '../../../src/errors/index.ts'
import { signVoucher } from '../../../src/ledger/sign-voucher.ts'
import type { Forwarding, HubJobRecord, HubStore } from '../books/hub-store.ts'
import { refuseUnattributed, refuseUncovered, riseOf } from '../books/payment-rules.ts'
import type { CheckedPayment, ForwarderDeps } from './payment.ts'

/** A requester's channel: the voucher that counts and what jobs and fees have used up of it. */
type Payer = { voucher: Voucher | null; attributedMicroUsd: MicroUsd }
/** The hub's channel to a provider: the voucher that is kept and what the next one must promise. */
type Payee = { voucher: Voucher | null; promisedMicroUsd: MicroUsd }
/** All that a round touches: read from disk once, then moved on by each payment. */
type Accounts = { jobs: Map<Hex, HubJobRecord>; payers: Map<Hex, Payer>; payees: Map<Hex, Payee> }
/** A payment that was taken; `isNews` unless all of it is on disk already. */
type Taken = Omit<Forwarding, 'outgoing'> & { payeeChannelId: Hex; isNews: boolean }

/**
 * Takes payments in their order, signs one voucher per provider for what they come to, and keeps all of it at once.
 * Returns for each payment the hub's voucher that covers it, or why it was not taken. No other round may run meanwhile.
 *
 * @throws LedgerError when what is on disk changed meanwhile; nothing is kept then
 * @throws StorageError when the disk fails; nothing is kept then
 */
export async function forwardRound(
  payments: readonly CheckedPayment[],
  deps: ForwarderDeps,
): Promise<(Voucher | LedgerError)[]> {
  const accounts = await readAccounts(payments, deps.store)
  const outcomes = payments.map((payment) => takeOrRefuse(payment, accounts))
  const taken = outcomes.filter(isTaken)
  const vouchers = await signVouchers(taken, accounts, deps)
  const outgoingOf = ({ payeeChannelId }: Taken) => vouchers.get(payeeChannelId)!
  const news = taken.filter(({ isNews }) => isNews)
  if (news.length > 0) {
    await deps.store.forward(news.map((one) => ({ ...one, outgoing: outgoingOf(one) })))
  }
  return outcomes.map((outcome) => (isTaken(outcome) ? outgoingOf(outcome) : outcome))
}

function isTaken(outcome: Taken | LedgerError): outcome is Taken {
  return !(outcome instanceof LedgerError)
}

async function readAccounts(payments: readonly CheckedPayment[], store: HubStore): Promise<Accounts> {
  const accounts: Accounts = { jobs: new Map(), payers: new Map(), payees: new Map() }
  for (const { jobId } of payments) {
    const job = accounts.jobs.has(jobId) ? null : await store.job(jobId)
    if (!job) continue
    accounts.jobs.set(jobId, job)
    if (!accounts.payers.has(job.payerChannelId)) {
      const voucher = await keptVoucher(store, job.payerChannelId, 'receiver')
      const attributedMicroUsd = await store.attributed(job.payerChannelId)
      accounts.payers.set(job.payerChannelId, { voucher, attributedMicroUsd })
    }
    if (!accounts.payees.has(job.payeeChannelId)) {
      const voucher = await keptVoucher(store, job.payeeChannelId, 'payer')
      accounts.payees.set(job.payeeChannelId, { voucher, promisedMicroUsd: promisedBy(voucher) })
    }
  }
  return accounts
}

async function keptVoucher(store: HubStore, channelId: Hex, side: 'payer' | 'receiver') {
  return (await store.channel(channelId, side))?.voucher ?? null
}

function takeOrRefuse(payment: CheckedPayment, accounts: Accounts): Taken | LedgerError {
  try {
    return take(payment, accounts)
  } catch (error) {
    if (error instanceof LedgerError) return error
    throw error
  }
}

/** Moves the accounts on by one payment, or leaves them as they are and throws. */
function take(
  { jobId, chargeMicroUsd, voucher, coveredMicroUsd }: CheckedPayment,
  accounts: Accounts,
): Taken {
  const job = accounts.jobs.get(jobId)!
  const payer = accounts.payers.get(job.payerChannelId)!
  const payee = accounts.payees.get(job.payeeChannelId)!
  const rise = riseOf(job, chargeMicroUsd)
  const isHigher = voucher.maxClaimableAmount > promisedBy(payer.voucher)
  const incoming = isHigher || !payer.voucher ? voucher : payer.voucher
  const attributedMicroUsd = payer.attributedMicroUsd + rise.attributedMicroUsd
  const promisedMicroUsd = payee.promisedMicroUsd + rise.chargeMicroUsd
  const isPaid = rise.chargeMicroUsd > 0n
  if (isPaid) {
    refuseUnattributed(attributedMicroUsd, incoming)
    refuseUncovered(attributedMicroUsd, coveredMicroUsd)
  }
  accounts.jobs.set(jobId, { ...job, chargeMicroUsd })
  accounts.payers.set(job.payerChannelId, { voucher: incoming, attributedMicroUsd })
  accounts.payees.set(job.payeeChannelId, { ...payee, promisedMicroUsd })
  const isNews = isPaid || isHigher
  return { jobId, chargeMicroUsd, incoming, payeeChannelId: job.payeeChannelId, isNews }
}

/** Signs once per provider, and not at all where nothing rose since the last voucher. */
async function signVouchers(
  taken: readonly Taken[],
  { payees }: Accounts,
  { network, signer }: ForwarderDeps,
): Promise<Map<Hex, Voucher>> {
  const channelIds = [...new Set(taken.map(({ payeeChannelId }) => payeeChannelId))]
  const signed = channelIds.map(async (channelId) => {
    const { voucher, promisedMicroUsd } = payees.get(channelId)!
    const isKept = voucher?.maxClaimableAmount === promisedMicroUsd
    const outgoing = isKept ? voucher : await signVoucher(channelId, promisedMicroUsd, network, signer)
    return [channelId, outgoing] as const
  })
  return new Map(await Promise.all(signed))
}

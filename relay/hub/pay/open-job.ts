import { type Hex, sameAddress } from '../../../src/domain/bytes.ts'
import type { ChannelConfig, ChannelState } from '../../../src/domain/channel.ts'
import type { Network } from '../../../src/domain/network.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import { HubError } from '../../../src/errors/index.ts'
import type { ChannelRecord, Clock, FrameStream, Signer } from '../../../src/ports/index.ts'
import type { TokenBucket } from '../../token-bucket.ts'
import type { HubJobRecord, HubStore } from '../books/hub-store.ts'
import { type ChannelWatch, refuseWithdrawing } from '../channel-watch.ts'
import { type EarnDesk, eventsOf } from '../earn/earn-desk.ts'
import type { EarnLine } from '../earn/earn-line.ts'
import type { ProviderChannels } from '../earn/provider-channels.ts'
import type { HubPolicy } from '../hub-policy.ts'
import { type OpenJob, type OpenJobs, unpaidWithSpread } from '../open-jobs.ts'
import { pace } from '../peer-throttle.ts'
import { type OpenRequest, checkOpen } from './check-open.ts'
import { type Refunds, refuseRefunding } from './refunds.ts'

/** What jobs are opened with. */
export type OpenJobDeps = {
  network: Network
  signer: Signer
  store: HubStore
  clock: Clock
  policy: HubPolicy
  watch: ChannelWatch
  jobs: OpenJobs
  earn: EarnDesk
  channels: ProviderChannels
  refunds: Refunds
  /** How often the chain is asked about channels that nobody has paid from yet. */
  strangers: TokenBucket
}

/**
 * Opens a job, or opens it again on a new line: its money is reserved on both legs, it is on disk, and its provider
 * has been told.
 * @throws HubError, LedgerError, ChainError when it cannot be paid
 */
export async function openJob(
  request: OpenRequest,
  line: FrameStream,
  deps: OpenJobDeps,
): Promise<HubJobRecord> {
  const { network, signer, clock, store, jobs, earn, channels } = deps
  const nowSeconds = clock.nowMs() / 1000
  const channelId = await checkOpen(request, { hub: signer.address, network, nowSeconds })
  const known = await knownJob(request, channelId, deps)
  const { channel } = providerLine(request, earn, known ?? undefined)
  if (!known) refuseOtherListing(request, channel.config, network)
  const record = known ?? newJob(request, channelId, channel.channelId, deps)
  const job = await reserve(record, line, deps)
  try {
    await refuseLeaving(channelId, deps)
    await addPayerChannel(request, channelId, deps)
    await channels.secure(channel, channelId)
    await store.addJob(record)
    providerLine(request, earn, record)
    for (const event of eventsOf(job)) earn.tell(record.provider, record.payeeChannelId, event)
  } catch (error) {
    jobs.drop(record.jobId, line)
    throw error
  }
  channels.topUp(record.payeeChannelId)
  return record
}

/**
 * Returns the line of the tab that answers; of a job that is open, any tab that is paid through the same channel.
 * @throws HubError `hub/provider-away`
 */
function providerLine(
  { provider, tab }: OpenRequest,
  earn: EarnDesk,
  known?: Pick<HubJobRecord, 'payeeChannelId'>,
): EarnLine {
  const line = earn.lineOf(provider, known ? { channelId: known.payeeChannelId } : { tab })
  if (line) return line
  throw new HubError('hub/provider-away', 'This provider is not connected to the hub now.')
}

/**
 * A provider that offers to pay a royalty is paid through the bond, over a channel that names the listing.
 * @throws HubError `hub/job-refused`
 */
function refuseOtherListing(
  { listingId }: OpenRequest,
  { receiver, salt }: ChannelConfig,
  { bond }: Network,
): void {
  if (listingId === null || (salt === listingId && bond && sameAddress(receiver, bond))) return
  throw new HubError(
    'hub/job-refused',
    'This provider does not earn as its offer says: its royalty would not be paid.',
  )
}

/**
 * Returns a job that was opened before, or null.
 * @throws HubError `hub/job-refused` when it had other terms
 */
async function knownJob(
  { jobId, provider, ceilingMicroUsd, spreadMillionths }: OpenRequest,
  payerChannelId: Hex,
  { store }: OpenJobDeps,
): Promise<HubJobRecord | null> {
  const known = await store.job(jobId)
  if (known === null) return null
  const isSame =
    known.payerChannelId === payerChannelId &&
    sameAddress(known.provider, provider) &&
    known.ceilingMicroUsd === ceilingMicroUsd &&
    known.spreadMillionths === spreadMillionths
  if (isSame) return known
  throw new HubError('hub/job-refused', 'This job was opened with other terms before.')
}

/** @throws HubError `hub/spread-changed` */
function newJob(
  { jobId, provider, ceilingMicroUsd, spreadMillionths }: OpenRequest,
  payerChannelId: Hex,
  payeeChannelId: Hex,
  { policy, clock }: OpenJobDeps,
): HubJobRecord {
  if (spreadMillionths !== policy.spreadMillionths) {
    throw new HubError('hub/spread-changed', "The hub's spread is another one now.")
  }
  const terms = { jobId, payerChannelId, provider, payeeChannelId, ceilingMicroUsd, spreadMillionths }
  return { ...terms, chargeMicroUsd: 0n, openedAtMs: clock.nowMs() }
}

/** @throws HubError `hub/withdrawing`, `hub/busy`, `hub/underfunded`, `hub/job-refused` */
async function reserve(record: HubJobRecord, line: FrameStream, deps: OpenJobDeps): Promise<OpenJob> {
  const { store, jobs, watch } = deps
  const { jobId, payerChannelId, payeeChannelId, chargeMicroUsd } = record
  const isStranger = (await store.channel(payerChannelId, 'receiver')) === null
  if (isStranger) await pace(deps.strangers, deps.clock)
  const state = await watch.refresh(payerChannelId)
  refuseWithdrawing(state)
  refuseLagging(state, await store.channel(payerChannelId, 'receiver'))
  const payee = await store.channel(payeeChannelId, 'payer')
  const attributed = await attributedAtOnce(record, deps)
  const used = attributed > state.totalClaimed ? attributed : state.totalClaimed
  const free = state.balance - used - jobs.reservedOf(payerChannelId, jobId)
  if (free >= unpaidWithSpread(record)) {
    return jobs.hold(record, chargeMicroUsd > 0n ? (payee?.voucher ?? null) : null, line)
  }
  throw new HubError('hub/underfunded', 'The channel does not cover this answer and what else is open on it.')
}

/**
 * Looked up once the job holds its money, after which no refund begins.
 * @throws HubError `hub/job-refused`
 */
async function refuseLeaving(channelId: Hex, { store, refunds }: OpenJobDeps): Promise<void> {
  await refuseRefunding(channelId, store).catch(async (error: unknown) => {
    // It may have ended unseen; this job counted on what was read before.
    await refunds.onWay(channelId).catch(() => null)
    throw error
  })
}

/**
 * What is claimed never falls, so a word that is older than the books may be older than a refund.
 * @throws HubError `hub/busy`
 */
function refuseLagging({ totalClaimed }: ChannelState, known: ChannelRecord | null): void {
  if (totalClaimed >= (known?.claimedMicroUsd ?? 0n)) return
  throw new HubError('hub/busy', "The chain is behind the hub's books. Try again in a minute.")
}

/** Kept only once it covers a job, so that made-up channels fill no disk. */
async function addPayerChannel(
  { channel: config }: OpenRequest,
  channelId: Hex,
  { store, watch, network: { chainId, settlement } }: OpenJobDeps,
): Promise<void> {
  const claimedMicroUsd = watch.lastHeard(channelId)?.totalClaimed ?? 0n
  const record = { channelId, config, chainId, settlement, voucher: null, claimedMicroUsd }
  await store.addChannel({ ...record, side: 'receiver' })
  // Only books that were restored from a copy are behind the chain.
  if ((await store.attributed(channelId)) < claimedMicroUsd) {
    await store.raiseClaimed(channelId, claimedMicroUsd)
  }
}

/** Reads what is attributed while nothing that is reserved changes, so that no payment is counted on neither side. */
async function attributedAtOnce(record: HubJobRecord, { store, jobs }: OpenJobDeps): Promise<MicroUsd> {
  const { jobId, payerChannelId } = record
  for (;;) {
    const reserved = jobs.reservedOf(payerChannelId, jobId)
    const attributed = await store.attributed(payerChannelId)
    if (jobs.reservedOf(payerChannelId, jobId) === reserved) return attributed
  }
}

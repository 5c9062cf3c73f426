import type { Address, Hex } from '../../domain/bytes.ts'
import { type ChannelConfig, type Voucher, promisedBy, usedOf } from '../../domain/channel.ts'
import type { JobTerms } from '../../domain/job.ts'
import type { Offer } from '../../domain/offer.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { refuseChannel } from '../../domain/refuse-job.ts'
import { createReceiverChannel } from '../../ledger/receiver-channel.ts'
import type { Chain, Clock, VoucherStore } from '../../ports/index.ts'
import type { EarnChannel } from '../earn/earn-channel.ts'
import type { HubLine } from '../earn/hub-line.ts'
import { type JobPayments, directPayments } from '../earn/job-payments.ts'
import { refuse } from './refuse.ts'

/** The money behind one job. */
export type JobFunds = {
  /** Channel that pays: the requester's own, or the hub's. */
  channelId: Hex
  /** Hub that pays; null for a direct channel. */
  hub: Address | null
  /** Highest voucher held of a direct channel. */
  heldVoucher: Voucher | null
  /** Opens what the job is paid with, once it is taken: from then on payments for it count in this tab. */
  open(): JobPayments
  /** What secures this job; may be read anew when it seems less than `needed`. */
  freeMicroUsd(needed: MicroUsd): Promise<MicroUsd>
  /** What the paying channel's highest voucher promises now. */
  promisedMicroUsd(): Promise<MicroUsd>
}

/** What a direct channel is read and kept with. */
export type JobFundsDeps = { chain: Chain; vouchers: VoucherStore; clock: Clock }

/**
 * Opens the provider's end of a requester's own channel.
 * @throws MarketError when the channel does not secure the job
 */
export async function directFunds(
  config: ChannelConfig,
  terms: JobTerms,
  offer: Offer,
  { chain, vouchers, clock }: JobFundsDeps,
): Promise<JobFunds> {
  const { network } = chain
  const { channelId } = terms
  const [record, state] = await Promise.all([
    vouchers.channel(channelId, 'receiver'),
    chain.channel(channelId),
  ])
  const heldVoucher = record?.voucher ?? null
  const baselineMicroUsd = usedOf(heldVoucher, state)
  refuse(refuseChannel(config, state, baselineMicroUsd, terms, offer))
  if (record === null) {
    const { chainId, settlement } = network
    const claimedMicroUsd = state.totalClaimed
    const opened = { channelId, config, chainId, settlement, voucher: null, claimedMicroUsd }
    await vouchers.addChannel({ ...opened, side: 'receiver' })
  }
  const channel = createReceiverChannel({
    channelId,
    config,
    network,
    vouchers,
    limitMicroUsd: state.balance,
    baselineMicroUsd,
    nowSeconds: () => Math.floor(clock.nowMs() / 1000),
  })
  return {
    channelId,
    hub: null,
    heldVoucher,
    open: () => directPayments(channel),
    freeMicroUsd: async () => state.balance - baselineMicroUsd,
    promisedMicroUsd: async () => promisedBy((await vouchers.channel(channelId, 'receiver'))?.voucher),
  }
}

/** A job that a hub has announced, and the channel through which it pays. */
export type AnnouncedJob = { hub: Address; channel: EarnChannel; ceilingMicroUsd: MicroUsd }

/**
 * Returns a job as its hub announced it.
 * @throws MarketError when the hub announces no such job for this channel in time
 */
export async function announcedJob({ jobId, channelId }: JobTerms, line: HubLine): Promise<AnnouncedJob> {
  const announced = await line.announcement(jobId)
  const { hub, channel } = line
  if (announced?.channelId !== channelId || !hub || !channel) return refuse('not-announced')
  return { hub: hub.account, channel, ceilingMicroUsd: announced.ceilingMicroUsd }
}

/** Opens what a hub pays a job with: the requester's channel is the hub's business, the hub's own secures us. */
export function hubFunds({ jobId }: JobTerms, { hub, channel, ceilingMicroUsd }: AnnouncedJob): JobFunds {
  return {
    channelId: channel.channelId,
    hub,
    heldVoucher: null,
    open: () => channel.payments(jobId),
    async freeMicroUsd(needed) {
      const free = await channel.freeMicroUsd(needed)
      return free < ceilingMicroUsd ? free : ceilingMicroUsd
    },
    promisedMicroUsd: async () => channel.promisedMicroUsd,
  }
}

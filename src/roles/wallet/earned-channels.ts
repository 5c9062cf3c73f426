import { type Address, sameAddress } from '../../domain/bytes.ts'
import {
  atStakeOf,
  type ChannelClaim,
  type ChannelState,
  coveredOf,
  promisedBy,
} from '../../domain/channel.ts'
import type { Network } from '../../domain/network.ts'
import type { MicroUsd } from '../../domain/price.ts'
import type { Chain, ChannelRecord, VoucherStore } from '../../ports/index.ts'
import { channelsHere } from '../common/channels-here.ts'

/** A channel that paid this account, and what the chain says of it. */
export type EarnedChannel = { record: ChannelRecord; state: ChannelState }

/** Whether a channel pays an account: itself, or the bond in its name. */
function pays(provider: Address, { config }: ChannelRecord, { bond }: Network): boolean {
  if (sameAddress(config.receiver, provider)) return true
  return (
    bond !== undefined &&
    sameAddress(config.receiver, bond) &&
    sameAddress(config.receiverAuthorizer, provider)
  )
}

/**
 * Returns the channels that have paid an account. The chain is asked about each of them: what this tab remembers as
 * claimed, a reorganisation may have undone.
 */
export async function earnedChannels(
  provider: Address,
  chain: Chain,
  vouchers: VoucherStore,
): Promise<EarnedChannel[]> {
  const records = (await channelsHere(vouchers, 'receiver', chain.network)).filter(
    (record) => record.voucher !== null && pays(provider, record, chain.network),
  )
  return Promise.all(
    records.map(async (record) => ({ record, state: await chain.channel(record.channelId) })),
  )
}

/** What a claim of this channel can take in total: its voucher, as far as the deposit covers it. */
function covered({ record, state }: EarnedChannel): MicroUsd {
  return coveredOf(promisedBy(record.voucher), state)
}

/** Returns what a claim of this channel brings now. */
export function claimable(channel: EarnedChannel): MicroUsd {
  const rise = covered(channel) - channel.state.totalClaimed
  return rise > 0n ? rise : 0n
}

/** Returns what claims of these channels bring now. */
export function worthOf(channels: readonly EarnedChannel[]): MicroUsd {
  return channels.reduce((sum, channel) => sum + claimable(channel), 0n)
}

/** Returns what of the claimable a channel's announced withdrawal would leave uncovered. */
export function atStake({ record, state }: EarnedChannel): MicroUsd {
  return atStakeOf(promisedBy(record.voucher), state)
}

/** Whether a channel's payer is taking back what its promises still need. */
export function isThreatened(channel: EarnedChannel): boolean {
  return atStake(channel) > 0n
}

/** Returns when the first of the threatened channels may be withdrawn from, Unix time in milliseconds; null for none. */
export function firstEndMs(channels: readonly EarnedChannel[]): number | null {
  const ends = channels
    .filter(isThreatened)
    .map(({ record, state }) => Number(state.withdrawal?.initiatedAtSeconds) + record.config.withdrawDelay)
  return ends.length > 0 ? Math.min(...ends) * 1000 : null
}

/** Returns the line of a claim that takes all that a channel has to give, or none where there is nothing. */
export function claimOf(channel: EarnedChannel): ChannelClaim[] {
  const { config, voucher } = channel.record
  return voucher && claimable(channel) > 0n ? [{ config, voucher, totalClaimed: covered(channel) }] : []
}

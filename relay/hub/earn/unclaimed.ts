import type { Hex } from '../../../src/domain/bytes.ts'
import { atStakeOf, type ChannelConfig, coveredOf, type Voucher } from '../../../src/domain/channel.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import type { EarnedRecord, HubStore } from '../books/hub-store.ts'
import type { ChannelWatch } from '../channel-watch.ts'

/** A requester's channel that has earned more than was claimed of it. */
export type Unclaimed = {
  channelId: Hex
  config: ChannelConfig
  voucher: Voucher
  /** What a claim takes in all: what jobs and fees have used up, as far as the deposit covers it. */
  totalMicroUsd: MicroUsd
  /** What a claim brings. */
  claimableMicroUsd: MicroUsd
  /** What of it an announced withdrawal would leave uncovered. */
  atStakeMicroUsd: MicroUsd
}

/** Returns what the books say is unclaimed of a channel. */
export function unclaimedIn({ attributedMicroUsd, claimedMicroUsd }: EarnedRecord): MicroUsd {
  return attributedMicroUsd - claimedMicroUsd
}

/**
 * Returns those of these channels with something to claim, by the chain's own word on what is claimed. Only what was
 * earned is claimed: a voucher that promises more than jobs and fees used up leaves the rest to its payer.
 */
export async function readUnclaimed(
  channelIds: Iterable<Hex>,
  store: HubStore,
  watch: ChannelWatch,
): Promise<Unclaimed[]> {
  const wanted = [...new Set(channelIds)]
  await watch.refreshAll(wanted.filter((channelId) => watch.lastHeard(channelId) === null))
  const read = await Promise.all(wanted.map((channelId) => unclaimedOf(channelId, store, watch)))
  return read.flat()
}

async function unclaimedOf(channelId: Hex, store: HubStore, watch: ChannelWatch): Promise<Unclaimed[]> {
  const [record, earned] = await Promise.all([
    store.channel(channelId, 'receiver'),
    store.attributed(channelId),
  ])
  const state = watch.lastHeard(channelId)
  if (!record?.voucher || state === null) return []
  const { config, voucher } = record
  const totalMicroUsd = coveredOf(earned, state)
  const claimableMicroUsd = totalMicroUsd - state.totalClaimed
  if (claimableMicroUsd <= 0n) return []
  const atStakeMicroUsd = atStakeOf(earned, state)
  return [{ channelId, config, voucher, totalMicroUsd, claimableMicroUsd, atStakeMicroUsd }]
}

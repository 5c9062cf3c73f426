import type { Hex } from '../../src/domain/bytes.ts'
import { type ChannelConfig, type Voucher, promisedBy } from '../../src/domain/channel.ts'
import type { MicroUsd } from '../../src/domain/price.ts'
import type { ChannelRecord } from '../../src/ports/voucher-store.ts'
import type { ChannelWatch } from './channel-watch.ts'
import type { HubStore } from './hub-store.ts'

/** A requester's channel that has earned more than was claimed of it. */
export type Unclaimed = {
  channelId: Hex
  config: ChannelConfig
  voucher: Voucher
  /** What a claim takes in all: what jobs and fees have used up, as far as the deposit covers it. */
  totalMicroUsd: MicroUsd
  /** What a claim brings. */
  claimableMicroUsd: MicroUsd
}

/**
 * Returns the channels with something to claim, by the chain's own word on what is claimed. Only what was earned is
 * claimed: a voucher that promises more than jobs and fees used up leaves the rest to its payer.
 */
export async function readUnclaimed(
  store: HubStore,
  watch: ChannelWatch,
  only?: ReadonlySet<Hex>,
): Promise<Unclaimed[]> {
  const records = (await store.channels('receiver')).filter(
    ({ channelId, voucher }) => promisedBy(voucher) > 0n && (only?.has(channelId) ?? true),
  )
  await watch.refreshAll(
    records.flatMap(({ channelId }) => (watch.lastHeard(channelId) === null ? [channelId] : [])),
  )
  const read = await Promise.all(records.map((record) => unclaimedOf(record, store, watch)))
  return read.flat()
}

async function unclaimedOf(
  { channelId, config, voucher }: ChannelRecord,
  store: HubStore,
  watch: ChannelWatch,
): Promise<Unclaimed[]> {
  const earned = await store.attributed(channelId)
  const state = watch.lastHeard(channelId)
  if (voucher === null || state === null) return []
  const totalMicroUsd = earned < state.balance ? earned : state.balance
  const claimableMicroUsd = totalMicroUsd - state.totalClaimed
  if (claimableMicroUsd <= 0n) return []
  return [{ channelId, config, voucher, totalMicroUsd, claimableMicroUsd }]
}

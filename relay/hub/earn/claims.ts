import type { Hex } from '../../../src/domain/bytes.ts'
import type { ChannelClaim } from '../../../src/domain/channel.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import { toPeerError } from '../../../src/errors/index.ts'
import type { Chain, Clock, Signer } from '../../../src/ports/index.ts'
import { limits } from '../../../src/protocol/limits.ts'
import type { RelayLog } from '../../log.ts'
import type { EarnedRecord, HubStore } from '../books/hub-store.ts'
import type { ChannelWatch } from '../channel-watch.ts'
import { gasMicroUsd } from '../gas-cost.ts'
import type { HubPolicy } from '../hub-policy.ts'
import { Turns } from '../turns.ts'
import { type Unclaimed, readUnclaimed, unclaimedIn } from './unclaimed.ts'

/** What a hub's claims are made with. */
export type ClaimsDeps = {
  chain: Chain
  signer: Signer
  store: HubStore
  watch: ChannelWatch
  clock: Pick<Clock, 'nowMs'>
  log: RelayLog
  policy: HubPolicy
}

/** How earnings become money. What the chain says is claimed counts, never what was sent to it. */
export interface Claims {
  /** Claims those of these channels at once of which a withdrawal would take what is earned, whatever it costs. */
  claimThreatened(channelIds: Iterable<Hex>): Promise<void>
  /** Claims when all that is unclaimed is worth many times the gas, or when it was long ago. */
  claimIfDue(): Promise<void>
  /** Claims what is worth its gas. */
  claimWorthwhile(): Promise<void>
  /** Returns what one channel more costs in a claim. What earned no more than that is dust, and left. */
  dustMicroUsd(): Promise<MicroUsd>
}

/** A claim of this age is no longer undone by the chain, in milliseconds. */
export const finalMs = 3600_000
/** One that was undone is made again, if it is seen within this time, in milliseconds. */
export const undoneMs = 24 * 3600_000
/** A channel that a claim had to leave out is not tried again for so long, in milliseconds. */
const leftOutMs = 10 * 60_000

/** Returns the claims of a hub. One runs at a time. */
export function createClaims(deps: ClaimsDeps): Claims {
  const { chain, signer, store, watch, clock, log, policy } = deps
  const leftOutAtMs = new Map<Hex, number>()
  let lastAtMs = clock.nowMs()
  let isFailing = false
  const turns = new Turns()
  const inTurn = (work: () => Promise<void>) => turns.take('claim', work)

  const isLeftOut = (channelId: Hex) =>
    clock.nowMs() - (leftOutAtMs.get(channelId) ?? Number.NEGATIVE_INFINITY) < leftOutMs

  const claimSlice = async (slice: Unclaimed[]): Promise<void> => {
    const { settledMicroUsd, skipped } = await chain.claim(slice.map(claimOf), signer)
    log('hub-claimed', { channels: slice.length - skipped.length, microUsd: Number(settledMicroUsd) })
    for (const channelId of skipped) leftOutAtMs.set(channelId, clock.nowMs())
    if (skipped.length > 0) log('hub-claim-left-out', { channels: skipped.length })
    await noteClaimed(slice)
  }

  const noteClaimed = async (slice: Unclaimed[]): Promise<void> => {
    await watch.refreshAll(slice.map(({ channelId }) => channelId))
    for (const { channelId } of slice) await note(channelId, claimedHeard(channelId))
  }

  /**
   * Claims that came to pass after their sending had failed, or the hub had died. One of more than is used up was a
   * refund's, which is booked with its fee.
   */
  const noteUnseen = async (earned: EarnedRecord[]): Promise<void> => {
    for (const { channelId, claimedMicroUsd, attributedMicroUsd } of earned) {
      const heardMicroUsd = claimedHeard(channelId)
      const isClaim = heardMicroUsd > claimedMicroUsd && heardMicroUsd <= attributedMicroUsd
      if (!isClaim) continue
      await note(channelId, heardMicroUsd)
      mend()
    }
  }

  /** Tells that what had failed before went through, or is nothing to claim any more. */
  const mend = () => {
    if (isFailing) log('hub-claim-mended')
    isFailing = false
  }

  const claimedHeard = (channelId: Hex) => watch.lastHeard(channelId)?.totalClaimed ?? 0n
  const note = (channelId: Hex, claimedMicroUsd: MicroUsd) =>
    store.raiseClaimed(channelId, claimedMicroUsd, clock.nowMs())

  /** Claims in batches; one that fails does not keep the others. */
  const claimAll = async (channels: Unclaimed[]): Promise<void> => {
    let failures = 0
    for (let start = 0; start < channels.length; start += limits.channelsPerClaim) {
      await claimSlice(channels.slice(start, start + limits.channelsPerClaim)).catch((error: unknown) => {
        const { code } = toPeerError(error, { code: 'chain/unreachable', shortMessage: '' })
        log('hub-claim-failed', { code })
        failures += 1
      })
    }
    if (failures > 0) isFailing = true
    else if (channels.length > 0) mend()
  }

  /** Channels of which the chain knows less claimed than the books: it has undone a claim. */
  const undone = async (): Promise<Hex[]> => {
    const claimed = await store.claimedSince(clock.nowMs() - undoneMs)
    return claimed.flatMap(({ channelId, claimedMicroUsd }) => {
      const state = watch.lastHeard(channelId)
      return state !== null && state.totalClaimed < claimedMicroUsd ? [channelId] : []
    })
  }

  /** What is worth more than its own part of a claim's gas. What the books call dust is not even read. */
  const worthwhile = async (): Promise<{ channels: Unclaimed[]; gas: MicroUsd }> => {
    const [earned, again] = await Promise.all([store.unclaimed(), undone()])
    if (earned.length + again.length === 0) return { channels: [], gas: 0n }
    await noteUnseen(earned)
    const { one, perChannel } = await readGas()
    const wanted = earned.filter((record) => unclaimedIn(record) > perChannel)
    const open = await readUnclaimed([...wanted.map(({ channelId }) => channelId), ...again], store, watch)
    const channels = open.filter(
      ({ channelId, claimableMicroUsd }) => claimableMicroUsd > perChannel && !isLeftOut(channelId),
    )
    return { channels, gas: one + perChannel * BigInt(Math.max(0, channels.length - 1)) }
  }

  /** Gas of a claim of one channel, and of each one more in it. */
  const readGas = async (): Promise<{ one: MicroUsd; perChannel: MicroUsd }> => {
    const [one, many] = await Promise.all([gasOf(1), gasOf(limits.channelsPerClaim)])
    return { one, perChannel: (many - one) / BigInt(limits.channelsPerClaim - 1) }
  }

  const gasOf = (channels: number) => gasMicroUsd('claim', channels, { chain, policy })

  const claimWhen = (isEnough: (sum: MicroUsd, gas: MicroUsd) => boolean) =>
    inTurn(async () => {
      const { channels, gas } = await worthwhile()
      if (channels.length === 0) mend()
      const sum = channels.reduce((total, { claimableMicroUsd }) => total + claimableMicroUsd, 0n)
      if (channels.length === 0 || !isEnough(sum, gas)) return
      lastAtMs = clock.nowMs()
      await claimAll(channels)
    })

  return {
    claimThreatened: (channelIds) =>
      inTurn(async () => {
        const channels = await readUnclaimed(channelIds, store, watch)
        await claimAll(channels.filter(({ atStakeMicroUsd }) => atStakeMicroUsd > 0n))
      }),
    claimIfDue: () =>
      claimWhen((sum, gas) => {
        const isLate = clock.nowMs() - lastAtMs >= policy.claimAtLatestMs
        return sum > gas * BigInt(isLate ? 1 : policy.claimAtGasCosts)
      }),
    claimWorthwhile: () => claimWhen((sum, gas) => sum > gas),
    dustMicroUsd: async () => (await readGas()).perChannel,
  }
}

function claimOf({ config, voucher, totalMicroUsd }: Unclaimed): ChannelClaim {
  return { config, voucher, totalClaimed: totalMicroUsd }
}

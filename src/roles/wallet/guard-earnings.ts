import type { Hex } from '../../domain/bytes.ts'
import type { MicroUsd } from '../../domain/price.ts'
import type { Clock } from '../../ports/index.ts'
import type { ClaimQuotes } from './claim-through-hub.ts'
import { type EarnedChannel, claimable, isThreatened } from './earned-channels.ts'
import { type SliceDeps, sliceClaims } from './send-claims.ts'

const intervalMs = 30_000
/** Nobody is in a hurry for what is only worth claiming. */
const worthIntervalMs = 10 * 60_000
/** What waits must be worth so many times its fee before it is claimed without being asked. */
const leastWorth = 50n

/** How earnings are watched over. */
export type GuardRules = {
  /** Whether somebody would have to unlock the account before it signs. */
  isLocked: () => Promise<boolean>
  /** Whether what is worth its fee is claimed without being asked. */
  claimsByItself: () => Promise<boolean>
}

/** What earnings are guarded with. */
export type GuardDeps = GuardRules &
  SliceDeps & {
    clock: Clock
    quotes: ClaimQuotes
    earned: () => Promise<EarnedChannel[]>
    claim: (channels: EarnedChannel[]) => Promise<unknown>
  }

/**
 * Claims at once what payers are taking back, and now and then what is well worth its fee. Of a locked account only
 * the former asks, once for each channel: who has declined is not asked again, and once it is unlocked nobody has to be.
 */
export async function guardEarnings(deps: GuardDeps, signal: AbortSignal): Promise<void> {
  const { clock, earned, claim, isLocked, claimsByItself } = deps
  const asked = new Set<Hex>()
  let lookedAtWorthMs = Number.NEGATIVE_INFINITY
  while (!signal.aborted) {
    const [channels, locked] = await Promise.all([earned().catch(() => []), isLocked()])
    const threatened = channels.filter(isThreatened)
    const isNew = threatened.some(({ record }) => !asked.has(record.channelId))
    const isDue = !locked && clock.nowMs() - lookedAtWorthMs >= worthIntervalMs
    if (locked) for (const { record } of threatened) asked.add(record.channelId)
    if (threatened.length > 0 && (isNew || !locked)) await claim(threatened).catch(() => {})
    else if (isDue && (await claimsByItself())) {
      lookedAtWorthMs = clock.nowMs()
      const worthy = await worthClaiming(channels, deps).catch(() => [])
      if (worthy.length > 0) await claim(worthy).catch(() => {})
    }
    await clock.sleep(intervalMs, signal).catch(() => {})
  }
}

/** Returns the channels that a hub claims for a small part of what they bring. */
async function worthClaiming(channels: EarnedChannel[], deps: GuardDeps): Promise<EarnedChannel[]> {
  const { hubs, quotes } = deps
  const worthy: EarnedChannel[] = []
  for (const { hub, claims } of await sliceClaims(channels, deps)) {
    const ids = new Set(claims.map(({ voucher }) => voucher.channelId))
    const claimed = channels.filter(({ record }) => ids.has(record.channelId))
    const fee = hub && (await quotes.fee(hubs.client(hub.peerId), claims.length).catch(() => null))
    if (fee !== null && worthOf(claimed) >= leastWorth * fee) worthy.push(...claimed)
  }
  return worthy
}

function worthOf(channels: EarnedChannel[]): MicroUsd {
  return channels.reduce((sum, channel) => sum + claimable(channel), 0n)
}

import type { Hex } from '../../domain/bytes.ts'
import type { Clock } from '../../ports/index.ts'
import { type EarnedChannel, atStake, firstEndMs, isThreatened, worthOf } from './earned-channels.ts'
import { type ClaimSlice, type FeeLimit, type SliceDeps, canClaimItself, sliceClaims } from './send-claims.ts'

const intervalMs = 30_000
/** Nobody is in a hurry for what is only worth claiming. */
const worthIntervalMs = 10 * 60_000
/** What waits must be worth so many times its fee before it is claimed without being asked. */
const leastWorth = 50n
/** While there is time, what is at stake must be worth so many times its fee: a cheaper hub may come, or gas. */
const patientWorth = 10n
/** So long before a withdrawal may happen, any fee is paid that leaves something of what is at stake. */
const lastMs = 5 * 60_000

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
    earned: () => Promise<EarnedChannel[]>
    claim: (channels: EarnedChannel[], mostFee: FeeLimit) => Promise<unknown>
  }

/**
 * Claims what payers' withdrawals would leave uncovered, where that costs less than it saves, and now and then what is
 * well worth its fee. Of a locked account only the former asks, once for each channel: who has declined is not asked
 * again, and once it is unlocked nobody has to be.
 */
export async function guardEarnings(deps: GuardDeps, signal: AbortSignal): Promise<void> {
  const { clock, earned, claim, claimsByItself } = deps
  const asked = new Set<Hex>()
  let nextWorthMs = Number.NEGATIVE_INFINITY

  const claimThreatened = async (isLocked: boolean) => {
    const mostFee = stakeLimit(clock.nowMs())
    const threatened = (await earned()).filter(isThreatened)
    const payable = await withinLimit(threatened, mostFee, deps, (slice) => canClaimItself(slice, deps))
    const isNew = payable.some(({ record }) => !asked.has(record.channelId))
    if (isLocked) for (const { record } of payable) asked.add(record.channelId)
    if (isNew || (payable.length > 0 && !isLocked)) await claim(payable, mostFee)
  }

  const claimWorthy = async () => {
    if (clock.nowMs() < nextWorthMs || !(await claimsByItself())) return
    const channels = await earned()
    nextWorthMs = clock.nowMs() + worthIntervalMs
    const worthy = await withinLimit(channels, worthLimit, deps, async () => false)
    if (worthy.length > 0) await claim(worthy, worthLimit)
  }

  while (!signal.aborted) {
    const isLocked = await deps.isLocked().catch(() => true)
    // Neither keeps the other from it; what cannot be read or sent now is looked at again.
    await claimThreatened(isLocked).catch(() => {})
    if (!isLocked) await claimWorthy().catch(() => {})
    await clock.sleep(intervalMs, signal).catch(() => {})
  }
}

/** Returns what is paid at most to save what is at stake: what is not is claimed some day at a better price. */
function stakeLimit(nowMs: number): FeeLimit {
  return (channels) => {
    const stakeMicroUsd = channels.reduce((sum, channel) => sum + atStake(channel), 0n)
    const leftMs = (firstEndMs(channels) ?? nowMs) - nowMs
    return leftMs > lastMs ? stakeMicroUsd / patientWorth : stakeMicroUsd - 1n
  }
}

const worthLimit: FeeLimit = (channels) => worthOf(channels) / leastWorth

/** Returns the channels that a hub claims for no more than a limit, or that this account's own gas may claim. */
async function withinLimit(
  channels: EarnedChannel[],
  mostFee: FeeLimit,
  deps: GuardDeps,
  byOwnGas: (slice: ClaimSlice) => Promise<boolean>,
): Promise<EarnedChannel[]> {
  const { hubs, quotes } = deps
  const within: Hex[] = []
  for (const slice of await sliceClaims(channels, deps, mostFee)) {
    const { hub, claims, mostFeeMicroUsd } = slice
    const isWithin = hub
      ? await quotes.fee(hubs.client(hub.peerId), claims.length).then(
          (fee) => fee <= mostFeeMicroUsd,
          () => false,
        )
      : await byOwnGas(slice)
    if (isWithin) within.push(...claims.map(({ voucher }) => voucher.channelId))
  }
  return channels.filter(({ record }) => within.includes(record.channelId))
}

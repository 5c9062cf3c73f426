import type { Hex } from '../../src/domain/bytes.ts'
import { promisedBy } from '../../src/domain/channel.ts'
import { BaseError } from '../../src/errors/index.ts'
import type { Clock } from '../../src/ports/index.ts'
import type { RelayLog } from '../log.ts'
import type { ChannelWatch } from './channel-watch.ts'
import type { Claims } from './claims.ts'
import type { HubPolicy } from './hub-policy.ts'
import type { HubStore } from './hub-store.ts'
import type { OpenJobs } from './open-jobs.ts'
import type { IdleChannels } from './reclaim-idle.ts'
import type { Refunds } from './refunds.ts'

/** What the hub's money is guarded with. */
export type GuardDeps = {
  store: HubStore
  watch: ChannelWatch
  jobs: OpenJobs
  claims: Claims
  refunds: Refunds
  idle: IdleChannels
  clock: Clock
  log: RelayLog
  policy: Pick<HubPolicy, 'watchIntervalMs' | 'claimAtLatestMs'>
}

/**
 * Looks after the hub's money again and again: claims requesters' channels that are being withdrawn from, and all of
 * them when it is due; brings refunds to their end; takes back what lies idle. Resolves when the signal aborts.
 */
export async function guardMoney(deps: GuardDeps, signal: AbortSignal): Promise<void> {
  const { clock, log, policy } = deps
  let lookedAtAllMs = Number.NEGATIVE_INFINITY
  while (!signal.aborted) {
    const all = clock.nowMs() - lookedAtAllMs >= policy.claimAtLatestMs
    if (all) lookedAtAllMs = clock.nowMs()
    await look(deps, all).catch((error: unknown) => {
      log('hub-guard-failed', { code: error instanceof BaseError ? error.code : 'unknown' })
    })
    await clock.sleep(policy.watchIntervalMs, signal).catch(() => {})
  }
}

/** Reads what matters now, or all that ever paid: the chain may have undone a claim. */
async function look({ store, watch, jobs, claims, refunds, idle }: GuardDeps, all: boolean): Promise<void> {
  const channelIds = new Set<Hex>([...jobs.payerChannels(), ...claims.recent()])
  for (const { channelId, voucher, claimedMicroUsd } of await store.channels('receiver')) {
    const known = all ? 0n : claimedMicroUsd
    // A voucher may promise more than was ever earned, which is looked up only where it may matter.
    if (promisedBy(voucher) > known && (await store.attributed(channelId)) > known) channelIds.add(channelId)
  }
  await watch.refreshAll(channelIds)
  const threatened = [...channelIds].filter((channelId) => watch.lastHeard(channelId)?.withdrawal)
  if (threatened.length > 0) await claims.claimNow(threatened)
  await claims.claimIfDue()
  await refunds.settleAll()
  await idle.reclaim()
}

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Hex } from '../../src/domain/bytes.ts'
import type { MicroUsd } from '../../src/domain/price.ts'
import { BaseError } from '../../src/errors/index.ts'
import type { Clock } from '../../src/ports/index.ts'
import type { RelayLog } from '../log.ts'
import type { HubStore } from './books/hub-store.ts'
import type { ChannelWatch } from './channel-watch.ts'
import { type Claims, finalMs, undoneMs } from './earn/claims.ts'
import type { IdleChannels } from './earn/reclaim-idle.ts'
import { unclaimedIn } from './earn/unclaimed.ts'
import type { HubPolicy } from './hub-policy.ts'
import type { OpenJobs } from './open-jobs.ts'
import type { Refunds } from './pay/refunds.ts'

/** A job that nobody paid for is forgotten after so long, in milliseconds; everything else that is over, after this. */
const unpaidJobMs = 3 * 24 * 3600_000
const oldestMs = 90 * 24 * 3600_000
/** Pieces of the books that are deleted after one look, so that much of it does not keep payments waiting. */
const prunesPerLook = 20
/** However dear gas is, a channel with more than this is looked after each time. */
const mostDustMicroUsd = 1_000n

/** What the hub's money is guarded with. */
export type GuardDeps = {
  store: HubStore
  watch: ChannelWatch
  jobs: OpenJobs
  claims: Claims
  refunds: Pick<Refunds, 'settleAll'>
  idle: Pick<IdleChannels, 'reclaim'>
  clock: Clock
  log: RelayLog
  policy: Pick<HubPolicy, 'watchIntervalMs' | 'claimAtLatestMs'>
}

/**
 * Looks after the hub's money again and again: claims requesters' channels at withdrawals that would take what is earned,
 * and all of them when it is due; brings refunds to their end; takes back what lies idle. Resolves when the signal aborts.
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

/** Reads what matters now, and now and then what was claimed a day ago too: the chain may have undone it unseen. */
async function look(
  { store, watch, jobs, claims, refunds, idle, clock }: GuardDeps,
  all: boolean,
): Promise<void> {
  const nowMs = clock.nowMs()
  const claimed = await store.claimedSince(nowMs - (all ? undoneMs : finalMs))
  const dustMicroUsd = all ? 0n : await readDust(claims)
  const earned = (await store.unclaimed()).filter((record) => unclaimedIn(record) > dustMicroUsd)
  const channelIds = new Set<Hex>(jobs.payerChannels())
  for (const { channelId } of [...earned, ...claimed]) channelIds.add(channelId)
  await watch.refreshAll(channelIds)
  const withdrawn = [...channelIds].filter((channelId) => watch.lastHeard(channelId)?.withdrawal)
  if (withdrawn.length > 0) await claims.claimThreatened(withdrawn)
  await claims.claimIfDue()
  await refunds.settleAll()
  await idle.reclaim()
  await prune(store, jobs, nowMs)
}

/**
 * Dust stays in more and more channels. A payer that withdraws it unseen takes what no claim would have brought in: it
 * is worth less than its own part of a claim's gas. While gas cannot be told, nothing is dust.
 */
async function readDust(claims: Claims): Promise<MicroUsd> {
  const dustMicroUsd = await claims.dustMicroUsd().catch(() => 0n)
  return dustMicroUsd < mostDustMicroUsd ? dustMicroUsd : mostDustMicroUsd
}

async function prune(store: HubStore, jobs: OpenJobs, nowMs: number): Promise<void> {
  const limits = { unpaidBeforeMs: nowMs - unpaidJobMs, allBeforeMs: nowMs - oldestMs }
  for (let done = 0; done < prunesPerLook; done++) {
    if (!(await store.prune({ ...limits, openJobs: jobs.ids() }))) return
    await nextTurn()
  }
}

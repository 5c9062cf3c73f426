import type { Hex } from '../../../src/domain/bytes.ts'
import type { ClaimRecord, ServedJob } from '../../../src/roles/provide/served-jobs.ts'
import type { Tab } from '../../../src/state/tab.ts'
import { catalogue, hubAccount, ownAddress } from './scripted-market.ts'

const hourMs = 3_600_000
const weeks = 5
const hash = (seed: number): Hex => `0x${seed.toString(16).padStart(64, '0')}`
const signature: Hex = `0x${'5c'.repeat(65)}`
const channelId: Hex = `0x${'c7'.repeat(32)}`

/** Numbers that look like chance and are the same at every visit. */
const spread = (at: number) => ((at * 7919) % 1009) / 1009

function job(at: number, atMs: number, promisedMicroUsd: bigint, paidMicroUsd: bigint): ServedJob {
  const completionTokens = 60 + Math.floor(spread(at) * 400)
  return {
    jobId: hash(0x5000 + at),
    atMs,
    channelId,
    hub: hubAccount,
    paidMicroUsd,
    promisedMicroUsd,
    receipt: {
      receipt: {
        jobId: hash(0x5000 + at),
        termsHash: hash(0x71),
        provider: ownAddress,
        channelId,
        modelId: catalogue[at % 5 === 0 ? 1 : 0]?.id ?? '0x',
        arithmeticId: `0x${'e5'.repeat(32)}`,
        promptHash: hash(0x72),
        outputHead: hash(0x73),
        tokens: { promptTokens: 34, completionTokens },
        chargeMicroUsd: paidMicroUsd,
        finishReason: 'stop',
        issuedAtSeconds: Math.floor(atMs / 1000),
      },
      signature,
    },
  }
}

/** Five weeks of answers, more on some days than on others, oldest first. */
export function scriptedJobs(nowMs: number): ServedJob[] {
  let promised = 0n
  return Array.from({ length: weeks * 7 * 24 }, (_, hour) => weeks * 7 * 24 - hour)
    .filter((hoursAgo) => spread(hoursAgo) > 0.35 + 0.5 * spread(Math.floor(hoursAgo / 24)))
    .map((hoursAgo, at) => {
      const paid = 8n + BigInt(Math.floor(spread(at) * 60))
      promised += paid
      return job(at, nowMs - hoursAgo * hourMs, promised, paid)
    })
}

/** What a tab that earned for weeks keeps: its answers, and a claim that collected the older half. */
export function createScriptedServed(jobs: ServedJob[]): Awaited<ReturnType<Tab['served']>> & {
  claim(): ClaimRecord
  earnedMicroUsd: bigint
  /** Before this visit. */
  claimedMicroUsd: bigint
} {
  const claims: ClaimRecord[] = []
  const collect = (upTo: ServedJob | undefined, atMs: number): ClaimRecord => {
    const total = upTo?.promisedMicroUsd ?? 0n
    const before = claims.at(-1)?.channels[0]?.totalClaimedMicroUsd ?? 0n
    const claim: ClaimRecord = {
      atMs,
      transaction: hash(0xab00 + claims.length),
      settledMicroUsd: total - before,
      feeMicroUsd: 2_100n,
      channels: [{ channelId, totalClaimedMicroUsd: total }],
    }
    claims.push(claim)
    return claim
  }
  const half = jobs[Math.floor(jobs.length / 2)]
  if (half) collect(half, half.atMs + hourMs)
  return {
    earnedMicroUsd: jobs.at(-1)?.promisedMicroUsd ?? 0n,
    claimedMicroUsd: half?.promisedMicroUsd ?? 0n,
    jobs: async () => jobs.toReversed(),
    claims: async () => claims.toReversed(),
    claim: () => collect(jobs.at(-1), Date.now()),
  }
}

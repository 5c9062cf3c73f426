import type { Address, Hex } from '../../domain/bytes.ts'
import type { MicroUsd } from '../../domain/price.ts'
import type { SignedReceipt } from '../../domain/receipt.ts'
import type { DocumentStore } from '../../ports/index.ts'

/** A job that this tab answered, with what proves it. Structured-clone values only. */
export type ServedJob = {
  jobId: Hex
  /** Unix time in milliseconds when it ended. */
  atMs: number
  /** Channel that paid: the requester's own, or the hub's. */
  channelId: Hex
  /** Hub that paid, or null for a direct channel. */
  hub: Address | null
  paidMicroUsd: MicroUsd
  /** What the channel's highest voucher promised when the job ended; a claim up to there pays this job. */
  promisedMicroUsd: MicroUsd
  receipt: SignedReceipt
}

/** A claim that reached the chain. */
export type ClaimRecord = {
  /** Unix time in milliseconds. */
  atMs: number
  transaction: Hex
  settledMicroUsd: MicroUsd
  /** Taken by the hub that sent it; 0 where this account paid its own gas. */
  feeMicroUsd: MicroUsd
  /** How far each channel is claimed since. */
  channels: { channelId: Hex; totalClaimedMicroUsd: MicroUsd }[]
}

/** What this browser ever answered, and what it claimed for that. */
export interface ServedJobs {
  /** Takes a job id for good and returns true, or false where any tab took it before, also before a reload. */
  take(jobId: Hex): Promise<boolean>
  /** Keeps a job that ended; kept again, with the same end, it is replaced. */
  keep(job: ServedJob): Promise<void>
  keepClaim(claim: ClaimRecord): Promise<void>
  /** At most `limit` jobs, newest first. */
  jobs(limit?: number): Promise<ServedJob[]>
  /** At most `limit` claims, newest first. */
  claims(limit?: number): Promise<ClaimRecord[]>
}

/** How many documents are read unless told. */
const defaultLimit = 2_000
/** Enough for keys to sort by time. */
const timeDigits = 15

/** Returns what is kept in these documents. Taken ids stand by themselves, so that a job costs one look-up. */
export function createServedJobs(documents: DocumentStore): ServedJobs {
  const keyOf = (atMs: number, id: Hex) => `${String(atMs).padStart(timeDigits, '0')}-${id}`
  const newest = async (collection: string, limit: number): Promise<unknown[]> => {
    const keys = (await documents.keys(collection)).slice(-limit).reverse()
    return Promise.all(keys.map((key) => documents.get(collection, key)))
  }
  return {
    take: (jobId) => documents.add('job-ids', jobId, true),
    keep: (job) => documents.put('served-jobs', keyOf(job.atMs, job.jobId), job),
    keepClaim: (claim) => documents.put('claims', keyOf(claim.atMs, claim.transaction), claim),
    jobs: async (limit = defaultLimit) => (await newest('served-jobs', limit)) as ServedJob[],
    claims: async (limit = defaultLimit) => (await newest('claims', limit)) as ClaimRecord[],
  }
}

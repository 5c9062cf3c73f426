import { causalBias } from '../decode/attention-bias.ts'
import type { HostCache } from '../decode/host-cache.ts'
import type { Slice } from '../decode/slices.ts'
import { cachePlanes } from '../graph/attention.ts'
import type { LlamaConfig } from '../graph/llama-config.ts'
import { nextTask } from './next-task.ts'
import { type Feeds, readFloats, type Runtime, type Session } from './runtime.ts'

/** Sequences whose next tokens are computed in one step. Eight rows cost one and a half times one row. */
const largestBatch = 8

/** A slice of one sequence, and the cache that it continues. Appending the new rows is the runner's work. */
export type HostJob = { cache: HostCache; slice: Slice; signal: AbortSignal | undefined }

/** Runs slices one after the other, and single tokens of several sequences together. Returns the logits. */
export type HostRunner = { run(job: HostJob): Promise<Float32Array> }

type Waiting = { job: HostJob; resolve: (logits: Float32Array) => void; reject: (reason: unknown) => void }

/** The graph gives every row the same bits alone and beside others, so nobody can tell a batch. */
export function createHostRunner(runtime: Runtime, session: Session, config: LlamaConfig): HostRunner {
  let waiting: Waiting[] = []
  let running = false

  const takeBatch = (): Waiting[] => {
    const [first] = waiting
    if (!first) return []
    const isToken = ({ job }: Waiting) => job.slice.tokenIds.length === 1
    const batch = isToken(first) ? waiting.filter(isToken).slice(0, largestBatch) : [first]
    waiting = waiting.filter((each) => !batch.includes(each))
    return batch
  }
  const dropAborted = () => {
    const aborted = waiting.filter(({ job }) => job.signal?.aborted)
    waiting = waiting.filter((each) => !aborted.includes(each))
    for (const { job, reject } of aborted) reject(job.signal?.reason)
  }
  const work = async () => {
    running = true
    while (waiting.length > 0) {
      // Cancellations come in here, and so do the next tokens of those who just got one.
      await nextTask()
      dropAborted()
      const batch = takeBatch()
      if (batch.length > 0) await runBatch(runtime, session, config, batch)
    }
    running = false
  }

  return {
    run(job) {
      return new Promise((resolve, reject) => {
        waiting.push({ job, resolve, reject })
        if (!running) void work()
      })
    },
  }
}

async function runBatch(
  runtime: Runtime,
  session: Session,
  config: LlamaConfig,
  batch: Waiting[],
): Promise<void> {
  const jobs = batch.map(({ job }) => job)
  try {
    for (const { cache, slice } of jobs) cache.reserve(slice.tokenIds.length)
    const results = await session.run(feedBatch(runtime, config, jobs))
    const planes = cachePlanes(config.layers).map(({ present }) => readFloats(results, present))
    const logits = readFloats(results, 'logits')
    batch.forEach(({ job, resolve }, index) => {
      job.cache.append(
        planes.map((plane) => shareOf(plane, index, jobs.length)),
        job.slice.tokenIds.length,
      )
      resolve(shareOf(logits, index, jobs.length))
    })
  } catch (error) {
    for (const { reject } of batch) reject(error)
  }
}

function feedBatch(runtime: Runtime, config: LlamaConfig, jobs: HostJob[]): Feeds {
  const { slice } = jobs[0]!
  const tokens = slice.tokenIds.length
  const capacity = Math.max(...jobs.map(({ cache }) => cache.capacity))
  const shape = [jobs.length, config.kvHeads, capacity, config.headWidth]
  const bias = new Float32Array(jobs.length * tokens * capacity)
  jobs.forEach(({ cache }, index) => {
    bias.set(causalBias(cache.length, tokens, capacity), index * tokens * capacity)
  })
  const positions = jobs.flatMap(({ slice }) => slice.tokenIds.map((_, index) => slice.position + index))
  const tokenIds = jobs.flatMap(({ slice }) => slice.tokenIds)
  const feeds: Feeds = {
    input_ids: runtime.int64s(tokenIds, [jobs.length, tokens]),
    position_ids: runtime.int64s(positions, [jobs.length, tokens]),
    bias: runtime.floats(bias, [jobs.length, 1, 1, tokens, capacity]),
    logits_from: runtime.int64s([slice.logitsFrom], [1]),
  }
  cachePlanes(config.layers).forEach(({ past }, index) => {
    feeds[past] = runtime.floats(gatherPlane(jobs, index, capacity), shape)
  })
  return feeds
}

/** A single sequence's plane goes as it is; several are laid out one after the other. */
function gatherPlane(jobs: HostJob[], index: number, capacity: number): Float32Array {
  const [only, second] = jobs
  if (only && !second) return only.cache.planes[index]!
  const stride = only!.cache.planeLength(capacity)
  const gathered = new Float32Array(jobs.length * stride)
  jobs.forEach(({ cache }, at) => cache.copyPlane(index, gathered.subarray(at * stride), capacity))
  return gathered
}

function shareOf(whole: Float32Array, index: number, count: number): Float32Array {
  const length = whole.length / count
  return whole.subarray(index * length, (index + 1) * length)
}

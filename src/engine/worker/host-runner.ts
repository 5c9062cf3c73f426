import { causalBias } from '../decode/attention-bias.ts'
import type { HostCache } from '../decode/host-cache.ts'
import type { Slice } from '../decode/slices.ts'
import { StepCosts, type StepMeter } from '../decode/step-meter.ts'
import { shortStepRows, type StepJob, StepQueue } from '../decode/step-queue.ts'
import { cachePlanes } from '../graph/attention.ts'
import type { ModelConfig } from '../graph/model-config.ts'
import { nextTask } from './next-task.ts'
import { type Feeds, readFloats, type Runtime, type Session } from './runtime.ts'

/** A slice of one sequence, and the cache that it continues. Appending the new rows is the runner's work. */
export type HostJob = { cache: HostCache; slice: Slice; signal: AbortSignal | undefined }

/** Runs slices of many sequences, each in its turn, and those of streaming answers together. */
export type HostRunner = {
  /** Resolves with the logits from the slice's `logitsFrom` on; rejects when the signal aborts before its step. */
  run(job: HostJob): Promise<Float32Array>
  /** Whether answers stream beside whoever asks: a prompt then had better come in short slices. */
  readonly streaming: boolean
  readonly steps: StepMeter
}

type Waiting = StepJob & {
  job: HostJob
  resolve: (logits: Float32Array) => void
  reject: (reason: unknown) => void
}

/** The graph gives every row the same bits alone and beside others, so nobody can tell a batch. */
export function createHostRunner(
  runtime: Runtime,
  session: Session,
  config: ModelConfig,
  nowMs: () => number,
): HostRunner {
  const queue = new StepQueue<Waiting>()
  const costs = new StepCosts()
  let current: Waiting[] = []
  let working = false
  let companions = 0

  const work = async () => {
    working = true
    while (queue.size > 0) {
      // Cancellations come in here, and so do the next tokens of those who just got one.
      await nextTask()
      for (const { signal, reject } of queue.takeAborted()) reject(signal?.reason)
      current = queue.take()
      if (current.length === 0) continue
      companions = current.length - 1
      const startedMs = nowMs()
      await runBatch(runtime, session, config, current)
      const measured = current.find(isMeasured)
      if (companions === 0 && measured) costs.observe(measured.tokens, nowMs() - startedMs)
      current = []
    }
    working = false
  }

  return {
    get streaming() {
      return queue.streaming || current.some(({ tokens }) => tokens <= shortStepRows)
    },
    run(job) {
      const { promise, resolve, reject } = Promise.withResolvers<Float32Array>()
      queue.add({ job, tokens: job.slice.tokenIds.length, signal: job.signal, resolve, reject })
      if (!working) void work()
      return promise
    },
    steps: {
      get alone() {
        return companions === 0 && queue.size === 0
      },
      cost: (rows) => costs.cost(rows),
    },
  }
}

/** The end of a prompt is cheaper: only one of its rows goes through the head. */
function isMeasured({ tokens, job }: Waiting): boolean {
  return tokens <= shortStepRows && job.slice.logitsFrom === 0
}

async function runBatch(
  runtime: Runtime,
  session: Session,
  config: ModelConfig,
  batch: Waiting[],
): Promise<void> {
  const jobs = batch.map(({ job }) => job)
  try {
    for (const { cache, slice } of jobs) cache.reserve(slice.tokenIds.length)
    const logitsFrom = Math.min(...jobs.map(({ slice }) => slice.logitsFrom))
    const results = await session.run(feedBatch(runtime, config, jobs, logitsFrom))
    const planes = cachePlanes(config.layers).map(({ present }) => readFloats(results, present))
    const logits = readFloats(results, 'logits')
    batch.forEach(({ job, resolve }, index) => {
      job.cache.append(
        planes.map((plane) => shareOf(plane, index, jobs.length)),
        job.slice.tokenIds.length,
      )
      // Whoever wants the most rows decides for all.
      const unwanted = (job.slice.logitsFrom - logitsFrom) * config.vocabularySize
      resolve(shareOf(logits, index, jobs.length).subarray(unwanted))
    })
  } catch (error) {
    for (const { reject } of batch) reject(error)
  }
}

function feedBatch(runtime: Runtime, config: ModelConfig, jobs: HostJob[], logitsFrom: number): Feeds {
  const tokens = jobs[0]!.slice.tokenIds.length
  const capacity = Math.max(...jobs.map(({ cache }) => cache.capacity))
  const shape = [jobs.length, config.kvHeads, capacity, config.headWidth]
  const biasOf = (windowTokens?: number) => {
    const bias = new Float32Array(jobs.length * tokens * capacity)
    jobs.forEach(({ cache }, index) => {
      bias.set(causalBias(cache.length, tokens, capacity, windowTokens), index * tokens * capacity)
    })
    return runtime.floats(bias, [jobs.length, 1, 1, tokens, capacity])
  }
  const positions = jobs.flatMap(({ slice }) => slice.tokenIds.map((_, index) => slice.position + index))
  const tokenIds = jobs.flatMap(({ slice }) => slice.tokenIds)
  const feeds: Feeds = {
    input_ids: runtime.int64s(tokenIds, [jobs.length, tokens]),
    position_ids: runtime.int64s(positions, [jobs.length, tokens]),
    bias: biasOf(),
    logits_from: runtime.int64s([logitsFrom], [1]),
  }
  if (config.window) feeds['window_bias'] = biasOf(config.window.tokens)
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

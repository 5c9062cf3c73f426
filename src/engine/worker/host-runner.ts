import { BatchPlanes } from '../decode/batch-planes.ts'
import type { HostCache } from '../decode/host-cache.ts'
import type { Slice } from '../decode/slices.ts'
import { StepCosts, type StepMeter } from '../decode/step-meter.ts'
import { shortStepRows, type StepJob, StepQueue } from '../decode/step-queue.ts'
import { cachePlanes } from '../graph/attention.ts'
import type { ModelConfig } from '../graph/model-config.ts'
import { feedBatch, type TensorMaker } from './feed-batch.ts'
import { nextTask } from './next-task.ts'
import { readFloats, type Session } from './runtime.ts'
import { nameRuntimeError } from './runtime-error.ts'

/** A slice of one sequence, and the cache that it continues. Appending the new rows is the runner's work. */
export type HostJob = {
  cache: HostCache
  slice: Slice
  /** The logits from the slice's `logitsFrom` on, or the state of each token. */
  wanted: 'logits' | 'states'
  signal: AbortSignal | undefined
}

/** Runs slices of many sequences, each in its turn, and those of streaming answers together. */
export type HostRunner = {
  /** Resolves with the rows that are wanted; rejects when the signal aborts before its step. */
  run(job: HostJob): Promise<Float32Array>
  /** Whether answers stream beside whoever asks: a prompt then had better come in short slices. */
  readonly streaming: boolean
  readonly steps: StepMeter
}

type Waiting = StepJob & {
  job: HostJob
  resolve: (rows: Float32Array) => void
  reject: (reason: unknown) => void
}

/** The graph gives every row the same bits alone and beside others, so nobody can tell a batch. */
export function createHostRunner(
  runtime: TensorMaker,
  session: Session,
  config: ModelConfig,
  nowMs: () => number,
): HostRunner {
  const queue = new StepQueue<Waiting>()
  const costs = new StepCosts()
  const planes = new BatchPlanes()
  let current: Waiting[] = []
  let working = false
  let companions = 0

  const work = async () => {
    working = true
    while (true) {
      // Cancellations come in here, and so do the next tokens of those who just got one.
      await nextTask()
      for (const { signal, reject } of queue.takeAborted()) reject(signal?.reason)
      current = queue.take()
      if (current.length === 0) break
      companions = current.length - 1
      const startedMs = nowMs()
      await runBatch(runtime, session, config, current, planes)
      const measured = current.find(isMeasured)
      if (companions === 0 && measured) costs.observe(measured.tokens, nowMs() - startedMs)
      current = []
    }
    planes.clear()
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
  runtime: TensorMaker,
  session: Session,
  config: ModelConfig,
  batch: Waiting[],
  gathered: BatchPlanes,
): Promise<void> {
  const jobs = batch.map(({ job }) => job)
  try {
    for (const { cache, slice } of jobs) cache.reserve(slice.tokenIds.length)
    const logitsFrom = Math.min(...jobs.map(({ slice }) => slice.logitsFrom))
    const feeds = feedBatch(runtime, config, jobs, logitsFrom, gathered)
    const presents = cachePlanes(config.layers).map(({ present }) => present)
    const results = await session.run(feeds, [...presents, ...new Set(jobs.map(({ wanted }) => wanted))])
    const planes = presents.map((present) => readFloats(results, present))
    batch.forEach(({ job, resolve }, index) => {
      job.cache.append(
        planes.map((plane) => shareOf(plane, index, jobs.length)),
        job.slice.tokenIds.length,
      )
      const rows = shareOf(readFloats(results, job.wanted), index, jobs.length)
      // Whoever wants the most logits decides for all.
      const unwanted = (job.slice.logitsFrom - logitsFrom) * config.vocabularySize
      resolve(job.wanted === 'logits' ? rows.subarray(unwanted) : rows)
    })
  } catch (error) {
    const failure = nameRuntimeError(error, 'engine/device-lost', 'A step of the model failed.')
    for (const { reject } of batch) reject(failure)
  }
}

function shareOf(whole: Float32Array, index: number, count: number): Float32Array {
  const length = whole.length / count
  return whole.subarray(index * length, (index + 1) * length)
}

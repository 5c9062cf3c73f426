import type { Owned } from '../decode/owner-turns.ts'
import type { Slice } from '../decode/slices.ts'
import type { SequenceCache } from '../decode/sequence-cache.ts'
import { StepCosts, type StepMeter } from '../decode/step-meter.ts'
import { shortStepRows, type StepJob, StepQueue } from '../decode/step-queue.ts'
import { nextTask } from './next-task.ts'
import { nameRuntimeError } from './runtime-error.ts'

/** A slice of one sequence, and the cache that it continues. Keeping the new rows is the step's work. */
export type SliceJob<cache extends SequenceCache> = Owned & {
  cache: cache
  slice: Slice
  /** What is returned from the slice's `logitsFrom` on. */
  wanted: 'logits' | 'states'
  signal: AbortSignal | undefined
}

/** How slices go through a graph together. */
export type StepGraph<cache extends SequenceCache> = {
  /** Longest slices that may share a step; longer ones go alone. */
  sharedTokens: number
  /** Runs slices of equally many tokens, and returns the rows that each wants. */
  run(jobs: readonly SliceJob<cache>[]): Promise<Float32Array[]>
  /** Nobody waits for a step now. */
  rest(): void
}

/** Runs slices of many sequences, each in its turn, and those of streaming answers together. */
export type StepRunner<cache extends SequenceCache> = {
  /** Resolves with the rows that are wanted; rejects when the signal aborts before its step. */
  run(job: SliceJob<cache>): Promise<Float32Array>
  /** Whether answers stream beside whoever asks: a prompt then had better come in short slices. */
  readonly streaming: boolean
  readonly steps: StepMeter
}

type Waiting<cache extends SequenceCache> = StepJob & {
  job: SliceJob<cache>
  resolve: (rows: Float32Array) => void
  reject: (reason: unknown) => void
}

/** Builds a runner over a graph. `nowMs` is a clock that stands still while a step waits to be run. */
export function createStepRunner<cache extends SequenceCache>(
  graph: StepGraph<cache>,
  nowMs: () => number,
): StepRunner<cache> {
  const queue = new StepQueue<Waiting<cache>>(graph.sharedTokens)
  const costs = new StepCosts()
  let current: Waiting<cache>[] = []
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
      await step(current)
      const measured = current.find(isMeasured)
      if (companions === 0 && measured) costs.observe(measured.tokens, nowMs() - startedMs)
      current = []
    }
    graph.rest()
    working = false
  }
  const step = async (batch: readonly Waiting<cache>[]) => {
    try {
      const rows = await graph.run(batch.map(({ job }) => job))
      batch.forEach(({ resolve }, index) => resolve(rows[index]!))
    } catch (error) {
      const failure = nameRuntimeError(error, 'engine/device-lost', 'A step of the model failed.')
      for (const { reject } of batch) reject(failure)
    }
  }

  return {
    get streaming() {
      return queue.streaming || current.some(({ tokens }) => tokens <= shortStepRows)
    },
    run(job) {
      const { promise, resolve, reject } = Promise.withResolvers<Float32Array>()
      const { slice, signal, owner } = job
      queue.add({ job, tokens: slice.tokenIds.length, signal, owner, resolve, reject })
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
function isMeasured({ tokens, job }: { tokens: number; job: { slice: Slice } }): boolean {
  return tokens <= shortStepRows && job.slice.logitsFrom === 0
}

/** Returns the share of one of `count` sequences of what a step returned for all. */
export function shareOf(whole: Float32Array, index: number, count: number): Float32Array {
  const length = whole.length / count
  return whole.subarray(index * length, (index + 1) * length)
}

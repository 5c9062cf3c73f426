import { BatchPlanes } from '../decode/batch-planes.ts'
import { HostCache } from '../decode/host-cache.ts'
import { shortStepRows } from '../decode/step-queue.ts'
import { cachePlanes } from '../graph/attention.ts'
import type { ModelConfig } from '../graph/model-config.ts'
import { feedBatch, type TensorMaker } from './feed-batch.ts'
import { readFloats, type Session } from './runtime.ts'
import { shareOf, type StepGraph } from './step-runner.ts'

/** Tokens that go through the model at once; cancelling waits for one slice at most. */
export const hostSliceTokens = 64

/** Returns an empty cache for one sequence. */
export function openHostCache({ layers, kvHeads, headWidth }: ModelConfig): HostCache {
  return new HostCache({ planes: layers * 2, heads: kvHeads, headWidth })
}

/**
 * The processor's graph, with the caches on the host. It gives every row the same bits alone and beside others, so
 * nobody can tell a batch.
 */
export function openHostGraph(
  runtime: TensorMaker,
  session: Session,
  config: ModelConfig,
): StepGraph<HostCache> {
  const gathered = new BatchPlanes()
  const presents = cachePlanes(config.layers).map(({ present }) => present)
  return {
    sharedTokens: shortStepRows,
    async run(jobs) {
      for (const { cache, slice } of jobs) cache.reserve(slice.tokenIds.length)
      const logitsFrom = Math.min(...jobs.map(({ slice }) => slice.logitsFrom))
      const feeds = feedBatch(runtime, config, jobs, logitsFrom, gathered)
      const results = await session.run(feeds, [...presents, ...new Set(jobs.map(({ wanted }) => wanted))])
      const planes = presents.map((present) => readFloats(results, present))
      return jobs.map(({ cache, slice, wanted }, index) => {
        cache.append(
          planes.map((plane) => shareOf(plane, index, jobs.length)),
          slice.tokenIds.length,
        )
        const rowLength = wanted === 'logits' ? config.vocabularySize : config.width
        // Whoever wants the most rows decides for all.
        const unwanted = (slice.logitsFrom - logitsFrom) * rowLength
        return shareOf(readFloats(results, wanted), index, jobs.length).subarray(unwanted)
      })
    },
    rest: () => gathered.clear(),
  }
}

import { causalBias } from '../decode/attention-bias.ts'
import type { BatchPlanes } from '../decode/batch-planes.ts'
import { cachePlanes } from '../graph/attention.ts'
import type { ModelConfig } from '../graph/model-config.ts'
import type { HostCache } from '../decode/host-cache.ts'
import type { Feeds, Runtime } from './runtime.ts'
import type { SliceJob } from './step-runner.ts'

/** What makes tensors for a step. */
export type TensorMaker = Pick<Runtime, 'int64s' | 'floats'>

/**
 * Returns the inputs of a step for slices of equally many tokens, with logits from token `logitsFrom` of each on.
 * A single sequence's planes go as they are; those of several come from `planes`.
 */
export function feedBatch(
  runtime: TensorMaker,
  config: ModelConfig,
  jobs: readonly SliceJob<HostCache>[],
  logitsFrom: number,
  planes: BatchPlanes,
): Feeds {
  const tokens = jobs[0]!.slice.tokenIds.length
  const capacity = Math.max(...jobs.map(({ cache }) => cache.capacity))
  const shape = [jobs.length, config.kvHeads, capacity, config.headWidth]
  const biasOf = (windowTokens?: number) => {
    const bias = new Float32Array(jobs.length * tokens * capacity)
    jobs.forEach(({ cache }, index) => {
      bias.set(causalBias(cache.length, tokens, capacity, windowTokens), index * tokens * capacity)
    })
    return runtime.floats(bias, [jobs.length, 1, tokens, capacity])
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
  const caches = jobs.map(({ cache }) => cache)
  const gathered = caches.length === 1 ? caches[0]!.planes : planes.gather(caches, capacity)
  cachePlanes(config.layers).forEach(({ past }, index) => {
    feeds[past] = runtime.floats(gathered[index]!, shape)
  })
  return feeds
}

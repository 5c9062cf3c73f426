import type { Sequence } from '../decode/sequence.ts'
import type { SequenceCache } from '../decode/sequence-cache.ts'
import { cutSlices, deliverLogits } from '../decode/slices.ts'
import type { ModelConfig } from '../graph/model-config.ts'
import type { StepRunner } from './step-runner.ts'

/** Tokens of a prompt's slice beside answers that stream: each of their tokens waits for one slice at most. */
const streamingSliceTokens = 16

/**
 * Returns the sequence whose tokens a cache holds. Prompts go through the model in slices of at most `sliceTokens`, which
 * may change from one to the next.
 */
export function openCachedSequence<cache extends SequenceCache>(
  cache: cache,
  runner: StepRunner<cache>,
  { vocabularySize }: Pick<ModelConfig, 'vocabularySize'>,
  sliceTokens: number | (() => number),
): Sequence {
  const nextSliceTokens = () => {
    const most = typeof sliceTokens === 'number' ? sliceTokens : sliceTokens()
    return runner.streaming ? Math.min(most, streamingSliceTokens) : most
  }
  return {
    owner: undefined,
    get length() {
      return cache.length
    },
    async append(tokenIds, from, onLogits, signal) {
      for (const slice of cutSlices(tokenIds, cache.length, from, nextSliceTokens)) {
        const logits = await runner.run({ cache, slice, wanted: 'logits', signal, owner: this.owner })
        deliverLogits(logits, slice, from, vocabularySize, onLogits)
      }
    },
    async readState(tokenIds, signal) {
      let state: Float32Array = new Float32Array()
      for (const slice of cutSlices(tokenIds, cache.length, Infinity, nextSliceTokens)) {
        state = await runner.run({ cache, slice, wanted: 'states', signal, owner: this.owner })
      }
      return state
    },
    truncate: (length) => cache.truncate(length),
    fork: (length) => openCachedSequence(cache.copyFirst(length), runner, { vocabularySize }, sliceTokens),
    get cacheBytes() {
      return cache.bytes
    },
    close: () => cache.close(),
  }
}

import type { Sequence } from '../decode/sequence.ts'
import type { SequenceCache } from '../decode/sequence-cache.ts'
import { checkFinite, cutSlices, deliverLogits, isNotFinite } from '../decode/slices.ts'
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
      const start = cache.length
      for (const slice of cutSlices(tokenIds, start, from, nextSliceTokens)) {
        const logits = await runner.run({ cache, slice, wanted: 'logits', signal, owner: this.owner })
        forgetUnusable(cache, start, () => deliverLogits(logits, slice, from, vocabularySize, onLogits))
      }
    },
    async readState(tokenIds, signal) {
      let state: Float32Array = new Float32Array()
      const start = cache.length
      for (const slice of cutSlices(tokenIds, start, Infinity, nextSliceTokens)) {
        state = await runner.run({ cache, slice, wanted: 'states', signal, owner: this.owner })
        forgetUnusable(cache, start, () => checkFinite(state))
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

/** What made no numbers must not be what another text begins with. */
function forgetUnusable(cache: SequenceCache, start: number, use: () => void): void {
  try {
    use()
  } catch (error) {
    if (isNotFinite(error)) cache.truncate(start)
    throw error
  }
}

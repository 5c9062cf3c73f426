import { HostCache } from '../decode/host-cache.ts'
import type { Sequence } from '../decode/sequence.ts'
import { cutSlices, deliverLogits, deliverStates } from '../decode/slices.ts'
import type { ModelConfig } from '../graph/model-config.ts'
import type { HostRunner } from './host-runner.ts'

/** Tokens that go through the model at once; cancelling waits for one slice at most. */
export const hostSliceTokens = 64

/** The same beside answers that stream: each of their tokens waits for one slice at most. */
const streamingSliceTokens = 16

/** A sequence whose cache is kept in this process, for the processor's graph. */
export function openHostSequence(runner: HostRunner, config: ModelConfig, sliceTokens: number): Sequence {
  const { layers, kvHeads, headWidth } = config
  const cache = new HostCache({ planes: layers * 2, heads: kvHeads, headWidth })
  return continueCache(cache, runner, config, sliceTokens)
}

function continueCache(
  cache: HostCache,
  runner: HostRunner,
  config: ModelConfig,
  sliceTokens: number,
): Sequence {
  const { vocabularySize, width } = config
  const nextSliceTokens = () => (runner.streaming ? Math.min(sliceTokens, streamingSliceTokens) : sliceTokens)
  return {
    get length() {
      return cache.length
    },
    async append(tokenIds, from, onLogits, signal) {
      for (const slice of cutSlices(tokenIds, cache.length, from, nextSliceTokens)) {
        const logits = await runner.run({ cache, slice, wanted: 'logits', signal })
        deliverLogits(logits, slice, from, vocabularySize, onLogits)
      }
    },
    async readStates(tokenIds, onState, signal) {
      for (const slice of cutSlices(tokenIds, cache.length, Infinity, nextSliceTokens)) {
        deliverStates(await runner.run({ cache, slice, wanted: 'states', signal }), width, onState)
      }
    },
    truncate(length) {
      cache.truncate(length)
      return true
    },
    fork: (length) => continueCache(cache.copyFirst(length), runner, config, sliceTokens),
    get cacheBytes() {
      return cache.bytes
    },
    close() {},
  }
}

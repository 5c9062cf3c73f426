import { causalBias } from '../decode/attention-bias.ts'
import { HostCache } from '../decode/host-cache.ts'
import type { Sequence } from '../decode/sequence.ts'
import { cutSlices, deliverLogits, type Slice } from '../decode/slices.ts'
import { cacheNames, cacheParts } from '../graph/attention.ts'
import type { LlamaConfig } from '../graph/llama-config.ts'
import { nextTask } from './next-task.ts'
import { type Feeds, readFloats, type Runtime, type Session } from './runtime.ts'

/** Tokens that go through the model at once; cancelling waits for one slice at most. */
export const hostSliceTokens = 64

/** A sequence whose cache is kept in this process, for the processor's graph. */
export function openHostSequence(
  runtime: Runtime,
  session: Session,
  config: LlamaConfig,
  sliceTokens = hostSliceTokens,
): Sequence {
  const { layers, kvHeads, headWidth, vocabularySize } = config
  const cache = new HostCache({ planes: layers * 2, heads: kvHeads, headWidth })
  const planeNames = Array.from({ length: layers }, (_, layer) =>
    cacheParts.map((part) => [layer, part] as const),
  )
  const names = planeNames.flat()

  const feedSlice = (slice: Slice): Feeds => {
    const tokens = slice.tokenIds.length
    cache.reserve(tokens)
    const dims = [1, kvHeads, cache.capacity, headWidth]
    const bias = causalBias(cache.length, tokens, cache.capacity)
    const positions = slice.tokenIds.map((_, index) => slice.position + index)
    const feeds: Feeds = {
      input_ids: runtime.int64s(slice.tokenIds, [1, tokens]),
      position_ids: runtime.int64s(positions, [1, tokens]),
      bias: runtime.floats(bias, [1, 1, 1, tokens, cache.capacity]),
      logits_from: runtime.int64s([slice.logitsFrom], [1]),
    }
    names.forEach(([layer, part], index) => {
      feeds[cacheNames.past(layer, part)] = runtime.floats(cache.planes[index]!, dims)
    })
    return feeds
  }

  return {
    get length() {
      return cache.length
    },
    async append(tokenIds, from, onLogits, signal) {
      for (const slice of cutSlices(tokenIds, cache.length, from, sliceTokens)) {
        await nextTask()
        signal?.throwIfAborted()
        const results = await session.run(feedSlice(slice))
        const rows = names.map(([layer, part]) => readFloats(results, cacheNames.present(layer, part)))
        cache.append(rows, slice.tokenIds.length)
        deliverLogits(readFloats(results, 'logits'), slice, from, vocabularySize, onLogits)
      }
    },
    close() {},
  }
}

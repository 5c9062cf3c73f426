import type { Sequence } from '../decode/sequence.ts'
import { cutSlices, deliverLogits, deliverStates, type Slice } from '../decode/slices.ts'
import { cachePlanes } from '../graph/attention.ts'
import type { ModelConfig } from '../graph/model-config.ts'
import { nextTask } from './next-task.ts'
import { type Feeds, readFloats, type Runtime, type Session, type Tensor } from './runtime.ts'

/** Some adapters compute grouped attention wrongly from 32 tokens up. */
export const deviceSliceTokens = 31

/** A sequence whose cache stays in GPU memory from step to step. */
export function openDeviceSequence(
  runtime: Runtime,
  session: Session,
  config: ModelConfig,
  sliceTokens: number,
): Sequence {
  const { layers, kvHeads, headWidth, width, vocabularySize } = config
  let length = 0
  let cache: Tensor[] = []
  const planes = cachePlanes(layers)

  const feedSlice = ({ tokenIds, logitsFrom }: Slice): Feeds => {
    const total = length + tokenIds.length
    const feeds: Feeds = {
      input_ids: runtime.int64s(tokenIds, [1, tokenIds.length]),
      last_positions: runtime.int32s([total - 1], [1]),
      total_tokens: runtime.int32s([total], []),
      logits_from: runtime.int64s([logitsFrom], [1]),
    }
    planes.forEach(({ past }, index) => {
      feeds[past] = cache[index] ?? runtime.floats(new Float32Array(0), [1, kvHeads, 0, headWidth])
    })
    return feeds
  }
  const runSlice = async (slice: Slice, wanted: 'logits' | 'states', signal: AbortSignal | undefined) => {
    await nextTask()
    signal?.throwIfAborted()
    const results = await session.run(feedSlice(slice), [wanted, ...planes.map(({ present }) => present)])
    dropCache()
    cache = planes.map(({ present }) => results[present]!)
    length += slice.tokenIds.length
    return readFloats(results, wanted)
  }
  const dropCache = () => {
    for (const plane of cache) plane.dispose()
    cache = []
  }

  return {
    get length() {
      return length
    },
    async append(tokenIds, from, onLogits, signal) {
      for (const slice of cutSlices(tokenIds, length, from, () => sliceTokens)) {
        const logits = await runSlice(slice, 'logits', signal)
        deliverLogits(logits, slice, from, vocabularySize, onLogits)
      }
    },
    async readStates(tokenIds, onState, signal) {
      for (const slice of cutSlices(tokenIds, length, Infinity, () => sliceTokens)) {
        deliverStates(await runSlice(slice, 'states', signal), width, onState)
      }
    },
    // The cache has no room beyond its length, and stays where it is.
    truncate: (wanted) => wanted === length,
    fork: () => null,
    get cacheBytes() {
      return cache.reduce((bytes, { size }) => bytes + size * Float32Array.BYTES_PER_ELEMENT, 0)
    },
    close: dropCache,
  }
}

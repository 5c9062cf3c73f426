import { checksBeside } from '../../domain/count-slots.ts'
import { nextCapacity } from './device-cache.ts'
import { type CacheShape, planeBytes } from './device-planes.ts'

/** How large a GPU lets a buffer be that a step is bound to. */
type BufferLimits = Pick<GPUSupportedLimits, 'maxBufferSize' | 'maxStorageBufferBindingSize'>

/** An answer, and one that is checked beside it. */
const leastPlaces = 1 + checksBeside
const triedTokens = 256

/** Returns how many texts of up to so many tokens find room in planes that one step is bound to. */
export function countPlaces(limits: BufferLimits, shape: CacheShape, tokens: number): number {
  const mostBytes = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize)
  // Planes that grow end up larger than what they grow for.
  return Math.floor(mostBytes / planeBytes(shape, nextCapacity(tokens, tokens)))
}

/** Returns how long a text may be that an answer and its check still find room for: `tokens` at most. */
export function fitText(limits: BufferLimits, shape: CacheShape, tokens: number): number {
  let fitting = tokens
  while (fitting > triedTokens && countPlaces(limits, shape, fitting) < leastPlaces) fitting -= triedTokens
  return fitting
}

import type { SamplerSettings } from '../../domain/job.ts'
import { exactExp, exactLog } from '../exact-math.ts'

/** The tokens that may be chosen: all above the floor, and the first few, by id, of those exactly on it. */
export type LikelyTokens = { floor: number; onFloor: number }

const everyToken: LikelyTokens = { floor: -Infinity, onFloor: Infinity }

/** Applies top-k, then top-p to what is left, then min-p. Probabilities are those at temperature 1. */
export function findLikelyTokens(logits: Float32Array, settings: SamplerSettings): LikelyTokens {
  const { topK, topP, minP } = settings
  const limitsCount = topK > 0 && topK < logits.length
  if (!limitsCount && topP >= 1 && minP <= 0) return everyToken
  const top = largest(logits)
  const least = minP > 0 ? top + exactLog(minP) : -Infinity
  if (!limitsCount && topP >= 1) return { floor: least, onFloor: Infinity }
  const sorted = limitsCount ? largestFew(logits, topK, top) : logits.slice().sort().reverse()
  let kept = topP < 1 ? countNucleus(sorted, topP, top) : sorted.length
  while (kept > 1 && sorted[kept - 1]! < least) kept--
  const floor = sorted[kept - 1]!
  return { floor, onFloor: kept - sorted.indexOf(floor) }
}

/** Returns the largest value; −∞ for none. */
export function largest(values: Float32Array): number {
  let top = -Infinity
  for (let i = 0; i < values.length; i++) if (values[i]! > top) top = values[i]!
  return top
}

/** Sorts only what lies near the top: a full sort of the vocabulary costs a tenth of a decode step. */
function largestFew(logits: Float32Array, count: number, top: number): Float32Array {
  for (const depth of [8, 16, Infinity]) {
    const near = logits.filter((value) => value >= top - depth)
    if (near.length >= count || depth === Infinity) return near.sort().reverse().subarray(0, count)
  }
  return logits
}

/** How many of the likeliest it takes until their probabilities add up to `topP`. */
function countNucleus(sorted: Float32Array, topP: number, top: number): number {
  let total = 0
  for (const value of sorted) total += exactExp(value - top)
  let sum = 0
  for (let index = 0; index < sorted.length; index++) {
    sum += exactExp(sorted[index]! - top)
    if (sum >= topP * total) return index + 1
  }
  return sorted.length
}

import type { EarningsEstimate } from './estimate-earnings.ts'
import type { ModelId } from './model.ts'

/** A model that could be shared. */
export type ModelCandidate = {
  id: ModelId
  fits: boolean
  downloadBytes: number
  /** Null as long as nothing was measured on this machine. */
  earnings: EarningsEstimate | null
}

/** Why a model is the one to share. */
export type ChoiceReason =
  /** The only one that fits. */
  | 'only'
  /** Leaves the most at today's demand. */
  | 'earns-most'
  /** Nobody asks for an answer now: leaves the most of an hour without a pause. */
  | 'earns-most-steady'
  /** Another leaves more, but not enough to change for. */
  | 'close'
  /** Nothing was measured yet: the shortest download. */
  | 'smallest'

/** The model to share; `rival` is the best of the others, null where none can be compared. */
export type ModelChoice = { id: ModelId; reason: ChoiceReason; rival: ModelId | null }

type Valued = { id: ModelId; usd: number }

/** Another model must leave more by so much of the larger amount: prices and demand sway by less. */
const leastGain = 0.25

/** Chooses the model that leaves the most an hour; keeps `current` unless another is clearly better. */
export function chooseModel(
  candidates: readonly ModelCandidate[],
  current: ModelId | null,
): ModelChoice | null {
  const usable = candidates.filter(({ fits }) => fits)
  const [only] = usable
  if (!only) return null
  if (usable.length === 1) return { id: only.id, reason: 'only', rival: null }
  const isAsked = usable.some(({ earnings }) => earnings !== null && earnings.netUsd > 0)
  const valued = usable
    .flatMap(({ id, earnings }) =>
      earnings ? [{ id, usd: isAsked ? earnings.netUsd : earnings.steadyNetUsd }] : [],
    )
    .toSorted((a, b) => b.usd - a.usd)
  const [best, second] = valued
  if (!best) return chooseSmallest(usable)
  const held = valued.find(({ id }) => id === current)
  if (held && held !== best && !isClearlyMore(best, held)) {
    return { id: held.id, reason: 'close', rival: best.id }
  }
  return { id: best.id, reason: isAsked ? 'earns-most' : 'earns-most-steady', rival: second?.id ?? null }
}

function isClearlyMore(best: Valued, held: Valued): boolean {
  return best.usd - held.usd >= leastGain * Math.max(Math.abs(best.usd), Math.abs(held.usd))
}

function chooseSmallest(usable: readonly ModelCandidate[]): ModelChoice | null {
  const [smallest] = usable.toSorted((a, b) => a.downloadBytes - b.downloadBytes)
  return smallest ? { id: smallest.id, reason: 'smallest', rival: null } : null
}

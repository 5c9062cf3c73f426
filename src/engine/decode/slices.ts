import { EngineError } from '../../errors/index.ts'
import type { OnLogits } from './sequence.ts'

/** A slice of tokens that goes through the model at once. */
export type Slice = {
  tokenIds: readonly number[]
  /** Position of the first token in the sequence. */
  position: number
  /** First token, within the slice, whose logits or state the graph returns; the last one at the latest. */
  logitsFrom: number
}

/** Cuts new tokens into slices of at most so many as `sliceTokens` returns when each is wanted. */
export function* cutSlices(
  tokenIds: readonly number[],
  position: number,
  from: number,
  sliceTokens: () => number,
): Generator<Slice, void, void> {
  let start = 0
  while (start < tokenIds.length) {
    const slice = tokenIds.slice(start, start + sliceTokens())
    const first = position + start
    const logitsFrom = Math.min(Math.max(from - first, 0), slice.length - 1)
    yield { tokenIds: slice, position: first, logitsFrom }
    start += slice.length
  }
}

/**
 * Hands over the rows of a slice's logits that were asked for.
 *
 * @throws EngineError `engine/not-finite` for any row that holds what is no number, asked for or not
 */
export function deliverLogits(
  logits: Float32Array,
  slice: Slice,
  from: number,
  vocabularySize: number,
  onLogits: OnLogits,
): void {
  for (let row = 0; row < logits.length / vocabularySize; row++) {
    const position = slice.position + slice.logitsFrom + row
    const rowLogits = logits.subarray(row * vocabularySize, (row + 1) * vocabularySize)
    checkFinite(rowLogits)
    if (position >= from) onLogits(rowLogits, position)
  }
}

/** Whether a text made no numbers: nobody else's fault, and no reason to give the model up. */
export function isNotFinite(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'engine/not-finite'
}

/**
 * Adds the numbers up in double precision, which finite ones of single precision cannot exceed: the sum is finite just if all of
 * them are. To look at each by itself took a twentieth of a step of eight texts.
 *
 * @throws EngineError `engine/not-finite`
 */
export function checkFinite(numbers: Float32Array): void {
  let sum = 0
  for (let i = 0; i < numbers.length; i++) sum += numbers[i]!
  if (Number.isFinite(sum)) return
  throw new EngineError('engine/not-finite', 'The model makes no usable numbers of this text.')
}

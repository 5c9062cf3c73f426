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

/** Hands over the rows of a slice's logits that were asked for. */
export function deliverLogits(
  logits: Float32Array,
  slice: Slice,
  from: number,
  vocabularySize: number,
  onLogits: OnLogits,
): void {
  for (let row = 0; row < logits.length / vocabularySize; row++) {
    const position = slice.position + slice.logitsFrom + row
    if (position < from) continue
    onLogits(logits.subarray(row * vocabularySize, (row + 1) * vocabularySize), position)
  }
}

import { findLargest } from '../decode/find-largest.ts'
import { readLogProb } from '../decode/log-probability.ts'
import type { Sequence } from '../decode/sequence.ts'

/** A token that the model finds likeliest, and its natural log-probability. */
export type LikeliestToken = { tokenId: number; logProb: number }

/** Answers a prompt with the likeliest tokens, at most so many; the token that ends an answer is the last. */
export async function* answerGreedily(
  sequence: Sequence,
  promptIds: readonly number[],
  answerTokens: number,
  endIds: ReadonlySet<number>,
  signal?: AbortSignal,
): AsyncGenerator<LikeliestToken, void> {
  let input = promptIds
  for (let token = 0; token < answerTokens; token++) {
    let next: LikeliestToken = { tokenId: -1, logProb: 0 }
    const read = (logits: Float32Array) => {
      const tokenId = findLargest(logits, 1)[0]!
      next = { tokenId, logProb: readLogProb(logits, tokenId) }
    }
    await sequence.append(input, sequence.length + input.length - 1, read, signal)
    yield next
    if (endIds.has(next.tokenId)) return
    input = [next.tokenId]
  }
}

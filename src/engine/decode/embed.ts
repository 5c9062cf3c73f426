import { checkTokens } from './check-request.ts'
import type { LanguageModel, Sequence } from './sequence.ts'

/**
 * Returns the direction of the mean of all tokens' states: see `Engine.embed`. Sums are of doubles, in the order of
 * the tokens, so that equal states give equal bits.
 */
export async function embed(
  model: LanguageModel,
  sequence: Sequence,
  tokenIds: readonly number[],
  signal?: AbortSignal,
): Promise<Float32Array<ArrayBuffer>> {
  checkTokens(model, tokenIds)
  const sums = new Float64Array(model.embeddingWidth)
  const add = (state: Float32Array) => {
    for (let at = 0; at < sums.length; at++) sums[at]! += state[at]!
  }
  await sequence.readStates(tokenIds, add, signal)
  const length = Math.sqrt(sums.reduce((sum, value) => sum + value * value, 0))
  return Float32Array.from(sums, (value) => value / length)
}

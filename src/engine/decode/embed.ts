import { checkTokens } from './check-request.ts'
import type { LanguageModel, Sequence } from './sequence.ts'

/** Returns the direction of the state after the last token: see `Engine.embed`. Its length is summed in doubles. */
export async function embed(
  model: LanguageModel,
  sequence: Sequence,
  tokenIds: readonly number[],
  signal?: AbortSignal,
): Promise<Float32Array<ArrayBuffer>> {
  checkTokens(model, tokenIds)
  const state = await sequence.readState(tokenIds, signal)
  const length = Math.sqrt(state.reduce((sum, value) => sum + value * value, 0))
  // No zero is negative: as text, which travels, they are one.
  return Float32Array.from(state, (value) => value / length + 0)
}

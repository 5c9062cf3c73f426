import type { Distribution } from '../../ports/engine.ts'
import { EngineError } from '../../errors/index.ts'
import { checkTokens } from './check-request.ts'
import { findLargest } from './find-largest.ts'
import { logNormaliser } from './log-probability.ts'
import type { LanguageModel, Sequence } from './sequence.ts'

/** Returns the `top` likeliest tokens at each of the last `count` positions, given the tokens before it. */
export async function distributions(
  model: LanguageModel,
  sequence: Sequence,
  tokenIds: readonly number[],
  count: number,
  top: number,
  signal?: AbortSignal,
): Promise<Distribution[]> {
  checkTokens(model, tokenIds)
  if (!(count >= 1 && count < tokenIds.length && top >= 1)) {
    throw new EngineError('engine/invalid-settings', 'A distribution needs a token before it.')
  }
  const found: Distribution[] = []
  const read = (logits: Float32Array) => found.push(readDistribution(logits, top))
  const input = tokenIds.slice(sequence.length, -1)
  await sequence.append(input, tokenIds.length - count - 1, read, signal)
  return found
}

function readDistribution(logits: Float32Array, top: number): Distribution {
  const ids = findLargest(logits, top)
  const normaliser = logNormaliser(logits)
  return { ids, logProbs: ids.map((id) => logits[id]! - normaliser) }
}

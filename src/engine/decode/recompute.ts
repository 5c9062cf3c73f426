import type { RecomputeRequest } from '../../ports/engine.ts'
import { checkLength, checkTokens, isToken } from './check-request.ts'
import { createSampler } from './sampler.ts'
import type { LanguageModel, Sequence } from './sequence.ts'

/** For each claimed token, its margin and what would have been chosen: see `Recomputation`. */
export type Verdict = { margins: number[]; choices: number[] }

/**
 * Judges each token of a claimed answer, given the ones before it, at the cost of a prefill. An id that is no token is
 * a claim like any other; what follows it no model can read.
 *
 * @throws EngineError `engine/context-exceeded`; `engine/invalid-settings` for the prompt, settings or seed
 */
export async function recompute(
  model: LanguageModel,
  sequence: Sequence,
  request: RecomputeRequest,
  signal?: AbortSignal,
): Promise<Verdict> {
  const { promptIds, tokenIds } = request
  checkTokens(model, promptIds)
  checkLength(model, promptIds.length + tokenIds.length - 1)
  const sampler = createSampler(request.sampler, request.seed)
  const seen = new Set(promptIds)
  const verdict: Verdict = { margins: [], choices: [] }
  if (tokenIds.length === 0) return verdict
  const invented = tokenIds.findIndex((id) => !isToken(model, id))
  const unread = tokenIds.slice(invented < 0 ? -1 : invented)
  const input = [...promptIds, ...tokenIds.slice(0, -unread.length)]
  const judge = (logits: Float32Array, position: number) => {
    const claimed = tokenIds[position + 1 - promptIds.length]!
    const { choice, margin } = sampler.judge(logits, position + 1, seen, claimed)
    verdict.choices.push(choice)
    verdict.margins.push(margin)
    seen.add(claimed)
  }
  await sequence.append(input.slice(sequence.length), promptIds.length - 1, judge, signal)
  for (let after = 1; after < unread.length; after++) {
    verdict.choices.push(-1)
    verdict.margins.push(Infinity)
  }
  return verdict
}

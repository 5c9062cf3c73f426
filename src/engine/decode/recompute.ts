import type { RecomputeRequest } from '../../ports/engine.ts'
import { checkTokens } from './check-request.ts'
import { createSampler } from './sampler.ts'
import type { LanguageModel, Sequence } from './sequence.ts'

/** For each claimed token, its margin and what would have been chosen: see `Recomputation`. */
export type Verdict = { margins: number[]; choices: number[] }

/** Judges each token of a claimed answer, given the ones before it, at the cost of a prefill. */
export async function recompute(
  model: LanguageModel,
  sequence: Sequence,
  request: RecomputeRequest,
  signal?: AbortSignal,
): Promise<Verdict> {
  const { promptIds, tokenIds } = request
  const input = [...promptIds, ...tokenIds.slice(0, -1)]
  checkTokens(model, promptIds)
  checkTokens(model, input)
  const sampler = createSampler(request.sampler, request.seed)
  const seen = new Set(promptIds)
  const verdict: Verdict = { margins: [], choices: [] }
  if (tokenIds.length === 0) return verdict
  const judge = (logits: Float32Array, position: number) => {
    const claimed = tokenIds[position + 1 - promptIds.length]!
    const { choice, margin } = sampler.judge(logits, position + 1, seen, claimed)
    verdict.choices.push(choice)
    verdict.margins.push(margin)
    seen.add(claimed)
  }
  await sequence.append(input.slice(sequence.length), promptIds.length - 1, judge, signal)
  return verdict
}

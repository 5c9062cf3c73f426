import type { GenerateRequest, GenerateResult, TokenEvent } from '../../ports/engine.ts'
import { EngineError } from '../../errors/index.ts'
import { createTextStream, type TextStream } from '../text/text-stream.ts'
import { checkTokens } from './check-request.ts'
import { createGuesser } from './guesser.ts'
import { createSampler, type Sampler } from './sampler.ts'
import type { LanguageModel, OnLogits, Sequence } from './sequence.ts'

/**
 * Streams an answer; ends within one token when the signal aborts. Guessed tokens are checked by choosing at
 * each place as ever: they decide how many tokens a step yields, never which.
 *
 * @param madeIds tokens of this answer that were streamed before, from which it goes on
 */
export async function* generate(
  model: LanguageModel,
  sequence: Sequence,
  request: GenerateRequest,
  signal?: AbortSignal,
  madeIds: readonly number[] = [],
): AsyncGenerator<TokenEvent, GenerateResult, void> {
  const { promptIds, maxTokens } = request
  checkTokens(model, promptIds)
  if (promptIds.length === model.contextTokens) {
    throw new EngineError('engine/context-exceeded', 'The prompt leaves no room for an answer.')
  }
  const sampler = createSampler(request.sampler, request.seed)
  const text = createTextStream(model.tokenBytes, request.stop)
  for (const tokenId of madeIds) {
    if (text.push(tokenId).stopped || model.endIds.has(tokenId)) return finish('stop', text)
  }
  const tokenIds = [...promptIds, ...madeIds]
  const seen = new Set(tokenIds)
  const last = Math.min(promptIds.length + maxTokens, model.contextTokens)
  const guesser = createGuesser(tokenIds, model.steps)
  let input = tokenIds.slice(sequence.length)
  let position = tokenIds.length
  while (position < last) {
    const guesses = guesser.guess(last - position - 1)
    const { chosen, onLogits } = chooseAlong(guesses, sampler, seen)
    await appendUnlessAborted(sequence, [...input, ...guesses], position - 1, onLogits, signal)
    if (signal?.aborted) return finish('cancelled', text)
    if (chosen.length <= guesses.length) sequence.truncate(position + chosen.length - 1)
    for (const tokenId of chosen) {
      if (signal?.aborted) return finish('cancelled', text)
      const { text: shown, stopped } = text.push(tokenId)
      yield { tokenId, text: shown }
      if (stopped || model.endIds.has(tokenId)) return finish('stop', text)
    }
    guesser.learn(chosen)
    position += chosen.length
    input = chosen.slice(-1)
  }
  return finish('length', text)
}

/** Chooses the next token, and one more after each guess that was chosen; `seen` grows with them. */
function chooseAlong(guesses: readonly number[], sampler: Sampler, seen: Set<number>) {
  const chosen: number[] = []
  const onLogits: OnLogits = (logits, before) => {
    // What follows a wrong guess is about another text.
    if (chosen.some((tokenId, index) => tokenId !== guesses[index])) return
    const tokenId = sampler.choose(logits, before + 1, seen)
    chosen.push(tokenId)
    seen.add(tokenId)
  }
  return { chosen, onLogits }
}

async function appendUnlessAborted(
  sequence: Sequence,
  input: readonly number[],
  from: number,
  onLogits: OnLogits,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    if (!signal?.aborted) await sequence.append(input, from, onLogits, signal)
  } catch (error) {
    if (!signal?.aborted) throw error
  }
}

function finish(finishReason: GenerateResult['finishReason'], text: TextStream): GenerateResult {
  return { finishReason, text: text.end() }
}

import type { GenerateRequest, GenerateResult, TokenEvent } from '../../ports/engine.ts'
import { EngineError } from '../../errors/index.ts'
import { createTextStream, type TextStream } from '../text/text-stream.ts'
import { checkTokens } from './check-request.ts'
import { createSampler } from './sampler.ts'
import type { LanguageModel, Sequence } from './sequence.ts'

/** Streams an answer; ends within one token when the signal aborts. */
export async function* generate(
  model: LanguageModel,
  sequence: Sequence,
  request: GenerateRequest,
  signal?: AbortSignal,
): AsyncGenerator<TokenEvent, GenerateResult, void> {
  const { promptIds, maxTokens } = request
  checkTokens(model, promptIds)
  if (promptIds.length === model.contextTokens) {
    throw new EngineError('engine/context-exceeded', 'The prompt leaves no room for an answer.')
  }
  const sampler = createSampler(request.sampler, request.seed)
  const text = createTextStream(model.tokenBytes, request.stop)
  const seen = new Set(promptIds)
  const last = Math.min(promptIds.length + maxTokens, model.contextTokens)
  let input = promptIds.slice(sequence.length)
  for (let position = promptIds.length; position < last; position++) {
    let tokenId = -1
    const choose = (logits: Float32Array) => (tokenId = sampler.choose(logits, position, seen))
    await appendUnlessAborted(sequence, input, position - 1, choose, signal)
    if (signal?.aborted) return finish('cancelled', text)
    const { text: shown, stopped } = text.push(tokenId)
    yield { tokenId, text: shown }
    if (stopped || model.endIds.has(tokenId)) return finish('stop', text)
    seen.add(tokenId)
    input = [tokenId]
  }
  return finish('length', text)
}

async function appendUnlessAborted(
  sequence: Sequence,
  input: readonly number[],
  from: number,
  onLogits: (logits: Float32Array) => void,
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

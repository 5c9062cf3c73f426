import type { SamplerSettings } from '../../src/domain/job.ts'
import type { GenerateRequest, GenerateResult } from '../../src/ports/engine.ts'
import type { EngineSubject } from './engine.ts'

export const greedy: SamplerSettings = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 }
export const seeded: SamplerSettings = {
  temperature: 1,
  topK: 40,
  topP: 0.95,
  minP: 0.01,
  repetitionPenalty: 1.1,
}
export const seed = `0x${'5eed'.repeat(8)}` as const
export const question = [{ role: 'user' as const, content: 'Tell me the hello.' }]

/** Loads the model; returns a request, in which `change` overrides fields. */
export async function loadedRequest({ engine, model }: EngineSubject, change: Partial<GenerateRequest> = {}) {
  await engine.load(model)
  const promptIds = await engine.text.encodeChat(question)
  const request: GenerateRequest = { promptIds, sampler: seeded, seed, maxTokens: 24, stop: [], ...change }
  return request
}

/** A whole answer. */
export type Answer = { tokenIds: number[]; text: string; result: GenerateResult }

/** Reads an answer to its end. */
export async function read(
  stream: AsyncGenerator<{ tokenId: number; text: string }, GenerateResult>,
  onToken: (count: number) => void = () => {},
): Promise<Answer> {
  const tokenIds: number[] = []
  let text = ''
  let next = await stream.next()
  for (; !next.done; next = await stream.next()) {
    tokenIds.push(next.value.tokenId)
    text += next.value.text
    onToken(tokenIds.length)
  }
  return { tokenIds, text: text + next.value.text, result: next.value }
}

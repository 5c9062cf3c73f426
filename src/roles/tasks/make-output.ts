import type { FinishReason, JobTerms } from '../../domain/job.ts'
import type { Engine } from '../../ports/index.ts'
import type { ProviderFrame } from '../../protocol/infer-messages.ts'
import type { Prompt } from './read-prompt.ts'

/** What a provider sends of a job's result. */
export type OutputFrame = Extract<ProviderFrame, { type: 'tokens' | 'embedding' }>

/** Frames in their order; returns why there are no more. */
export type Output = AsyncGenerator<OutputFrame, FinishReason, void>

/** A job that was admitted: what is asked, as the model reads it, how long an answer may be, and who pays. */
export type MakeableJob = { terms: JobTerms; prompt: Prompt; maxTokens: number; owner: string }

/** Returns what the engine makes of a job, frame by frame as it is asked for. */
export function makeOutput(
  { terms, prompt, maxTokens, owner }: MakeableJob,
  engine: Engine,
  signal: AbortSignal,
): Output {
  if (terms.task === 'embed') return embed(prompt.texts, owner, engine, signal)
  const [promptIds = []] = prompt.texts
  const { sampler, seed, stop } = terms
  return answer({ promptIds, sampler, seed, maxTokens, stop, owner }, engine, signal)
}

async function* answer(
  request: Parameters<Engine['generate']>[0],
  engine: Engine,
  signal: AbortSignal,
): Output {
  const tokens = engine.generate(request, signal)
  let start = 0
  try {
    for (;;) {
      const next = await tokens.next()
      if (next.done) {
        const { text, finishReason } = next.value
        if (text && !signal.aborted) yield { type: 'tokens', start, tokenIds: [], text }
        return finishReason
      }
      yield { type: 'tokens', start, tokenIds: [next.value.tokenId], text: next.value.text }
      start += 1
    }
  } finally {
    await tokens.return({ finishReason: 'cancelled', text: '' })
  }
}

async function* embed(texts: number[][], owner: string, engine: Engine, signal: AbortSignal): Output {
  for (const [index, tokenIds] of texts.entries()) {
    const vector = await engine.embed(tokenIds, signal, owner).catch((error: unknown) => {
      if (signal.aborted) return null
      throw error
    })
    if (vector === null) return 'cancelled'
    yield { type: 'embedding', index, vector }
  }
  return 'stop'
}

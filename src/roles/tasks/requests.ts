import { type Hex, toHex } from '../../domain/bytes.ts'
import type { ChatMessage, ChatWork, EmbedWork, SamplerSettings } from '../../domain/job.ts'
import type { ModelId } from '../../domain/model.ts'
import type { Price } from '../../domain/price.ts'
import type { Random } from '../../ports/index.ts'
import { AnswerWitness } from './answer-witness.ts'
import type { Answer, Embeddings } from './answer.ts'
import { EmbeddingWitness } from './embedding-witness.ts'
import type { RequestedTask } from './witness.ts'

/** What is asked, and how it is to be answered. */
export type AskRequest = {
  modelId: ModelId
  messages: ChatMessage[]
  sampler: SamplerSettings
  /** 128 bits; random when left out. */
  seed?: Hex
  maxTokens: number
  stop: string[]
  /** The most that it may cost in all per million tokens, a hub's spread included; any price when left out. */
  atMost?: Price
}

/** Texts to be embedded by one provider, so that all lie in the same space. */
export type EmbedRequest = {
  modelId: ModelId
  /** Not empty, none of them empty. */
  texts: string[]
  /** The most that it may cost in all per million tokens, a hub's spread included; any price when left out. */
  atMost?: Price
}

/** Returns a question as a task. */
export function chatTask(request: AskRequest, random: Random): RequestedTask<ChatWork, Answer> {
  const { modelId, atMost, messages, sampler, maxTokens, stop } = request
  return {
    task: 'chat',
    modelId,
    atMost,
    work: ({ contextTokens }) => ({
      messages,
      sampler,
      seed: request.seed ?? toHex(random.bytes(16)),
      maxTokens: Math.min(maxTokens, contextTokens),
      stop,
    }),
    witness: (terms, { chunkTokens }) => new AnswerWitness(terms, chunkTokens),
  }
}

/** Returns texts to be embedded as a task. */
export function embedTask({ modelId, atMost, texts }: EmbedRequest): RequestedTask<EmbedWork, Embeddings> {
  return {
    task: 'embed',
    modelId,
    atMost,
    work: () => ({ task: 'embed', texts }),
    witness: (terms, _offer, text) => new EmbeddingWitness(terms, text),
  }
}

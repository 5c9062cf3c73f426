import type { Address, Hex } from './bytes.ts'
import type { ModelId } from './model.ts'
import type { Price } from './price.ts'

/** One turn of a conversation, before the model's chat template. */
export type ChatMessage = { role: 'system' | 'user' | 'assistant'; content: string }

/** How the next token is chosen. Fractions are exact to a millionth: that is what gets hashed and signed. */
export type SamplerSettings = {
  /** 0 is greedy. */
  temperature: number
  /** Keep only the k likeliest tokens; 0 keeps all. */
  topK: number
  /** Keep the likeliest tokens whose probabilities add up to this; 1 keeps all. */
  topP: number
  /** Keep tokens at least this fraction as likely as the likeliest; 0 keeps all. */
  minP: number
  /** Divides positive and multiplies negative logits of tokens already seen; 1 is off. */
  repetitionPenalty: number
}

/** What a model can be asked to do. */
export type Task = 'chat' | 'embed'

/** A conversation to be answered. It is what a job asks for that names no task. */
export type ChatWork = {
  task?: never
  messages: ChatMessage[]
  sampler: SamplerSettings
  /** 128 bits, so that the sampling can be repeated. */
  seed: Hex
  maxTokens: number
  stop: string[]
}

/** Texts to be turned into embeddings, one each. Their tokens are the prompt, which is all that is charged. */
export type EmbedWork = { task: 'embed'; texts: string[] }

/** What is to be done, whatever the task. */
export type Work = ChatWork | EmbedWork

/** Who does it for whom, at what price. */
export type Deal = {
  /** 32 random bytes. */
  jobId: Hex
  channelId: Hex
  provider: Address
  modelId: ModelId
  price: Price
}

/** What a requester asks for, whole. Its hash is what both sides sign. */
export type JobTerms<work extends Work = Work> = Deal & work

/** Terms of an answer. */
export type ChatTerms = JobTerms<ChatWork>

/** Terms of embeddings. */
export type EmbedTerms = JobTerms<EmbedWork>

/** Returns what is asked for. */
export function taskOf({ task }: Pick<Work, 'task'>): Task {
  return task ?? 'chat'
}

/** Returns the most tokens that may be charged on top of the prompt. */
export function mostCompletionTokens(work: Work): number {
  return work.task === 'embed' ? 0 : work.maxTokens
}

/** Why an answer ended. */
export type FinishReason = 'stop' | 'length' | 'cancelled' | 'unpaid' | 'failed'

/** Cool enough for small models to keep to the point, with a light brake on repetition. */
export const defaultSampler: SamplerSettings = {
  temperature: 0.3,
  topK: 40,
  topP: 0.9,
  minP: 0.05,
  repetitionPenalty: 1.05,
}

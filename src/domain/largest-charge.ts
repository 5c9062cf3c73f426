import { type ChatWork, type EmbedWork, type Work, mostCompletionTokens } from './job.ts'
import type { Offer } from './offer.ts'
import { type MicroUsd, chargeMicroUsd } from './price.ts'

/** Most tokens that work can have as a prompt: byte-level tokenizers never make more tokens than bytes. */
export function maxPromptTokens(work: EmbedWork | Pick<ChatWork, 'task' | 'messages'>): number {
  const utf8 = new TextEncoder()
  const templateBytes = 64
  const system = 256
  const texts = work.task === 'embed' ? work.texts : work.messages.map(({ content }) => content)
  return texts.reduce((sum, text) => sum + utf8.encode(text).length + templateBytes, system)
}

/** The most that a provider may charge for work. */
export function largestCharge(
  work: Work,
  { contextTokens, price }: Pick<Offer, 'contextTokens' | 'price'>,
): MicroUsd {
  const promptTokens = Math.min(maxPromptTokens(work), contextTokens)
  const completionTokens = Math.min(mostCompletionTokens(work), contextTokens)
  return chargeMicroUsd({ promptTokens, completionTokens }, price)
}

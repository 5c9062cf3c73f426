import { withSpread } from '../../../src/domain/hub.ts'
import type { Offer } from '../../../src/domain/offer.ts'
import { chargeMicroUsd } from '../../../src/domain/price.ts'
import type { Embeddings } from '../../../src/roles/tasks/answer.ts'
import { scriptedAnswer } from './scripted-answer.ts'

/** Numbers in a scripted embedding. */
const width = 16

/** Returns how many tokens the texts would have. */
export const countTokens = (texts: readonly string[]) =>
  texts.reduce((sum, text) => sum + 10 + Math.ceil(text.length / 4), 0)

/** Returns what embedding the texts costs, with the hub's spread. */
export function embeddingCharge(texts: readonly string[], { price, hubs }: Offer): bigint {
  const tokens = { promptTokens: countTokens(texts), completionTokens: 0 }
  return withSpread(chargeMicroUsd(tokens, price), hubs[0] ?? null)
}

/** Embeddings as a provider would have made and signed them: texts that share words are alike. */
export function scriptedEmbeddings(texts: string[], offer: Offer): Embeddings {
  const {
    text: _,
    tokenIds: _ids,
    tokensPerSecond: _speed,
    terms,
    ...settled
  } = scriptedAnswer('', '', offer)
  const { jobId, channelId, provider, modelId, price } = terms
  return {
    ...settled,
    tokens: { promptTokens: countTokens(texts), completionTokens: 0 },
    chargeMicroUsd: embeddingCharge(texts, offer),
    terms: { jobId, channelId, provider, modelId, price, task: 'embed', texts },
    vectors: texts.map(embed),
  }
}

function embed(text: string): Float32Array<ArrayBuffer> {
  const counts = new Float32Array(width).fill(0.2)
  for (const word of text.toLowerCase().match(/\p{L}{4,}/gu) ?? []) {
    const place = [...word].reduce((sum, letter) => sum + letter.codePointAt(0)!, 0) % width
    counts[place]! += 1
  }
  const length = Math.hypot(...counts)
  return counts.map((count) => count / length)
}

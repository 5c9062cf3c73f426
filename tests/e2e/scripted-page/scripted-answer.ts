import type { Hex } from '../../../src/domain/bytes.ts'
import { defaultSampler } from '../../../src/domain/job.ts'
import type { Offer } from '../../../src/domain/offer.ts'
import { withSpread } from '../../../src/domain/hub.ts'
import { chargeMicroUsd } from '../../../src/domain/price.ts'
import type { Answer } from '../../../src/roles/tasks/answer.ts'
import { network, ownAddress } from './scripted-market.ts'

const hash = (byte: string): Hex => `0x${byte.repeat(32)}`
const promptTokens = 34
/** Channel that pays for what is asked. */
export const askedChannelId = hash('c4')

/** Cuts a text into pieces about as long as tokens. */
export function toPieces(text: string): string[] {
  return text.match(/\s*\S{1,5}|\s+$/g) ?? []
}

/** An answer as a provider would have given and signed it. */
export function scriptedAnswer(prompt: string, text: string, offer: Offer): Answer {
  const tokens = { promptTokens, completionTokens: toPieces(text).length }
  const charge = chargeMicroUsd(tokens, offer.price)
  const hub = offer.hubs[0] ?? null
  const channelId = askedChannelId
  const terms = {
    jobId: hash('10'),
    channelId,
    provider: offer.provider,
    modelId: offer.modelId,
    messages: [{ role: 'user' as const, content: prompt }],
    sampler: defaultSampler,
    seed: '0x2f4a6c8e0b1d3f5a7c9e1b3d5f7a9c0e' as const,
    maxTokens: 512,
    stop: [],
    price: offer.price,
  }
  const receipt = {
    jobId: terms.jobId,
    termsHash: hash('71'),
    provider: offer.provider,
    channelId,
    modelId: offer.modelId,
    arithmeticId: offer.arithmeticId,
    promptHash: hash('72'),
    outputHead: hash('73'),
    tokens,
    chargeMicroUsd: charge,
    finishReason: 'stop' as const,
    issuedAtSeconds: 1_780_000_000,
  }
  const signature: Hex = `0x${'5c'.repeat(65)}`
  return {
    text,
    tokenIds: toPieces(text).map((_, index) => index),
    terms,
    offer,
    channel: {
      payer: ownAddress,
      payerAuthorizer: ownAddress,
      receiver: hub?.account ?? offer.provider,
      receiverAuthorizer: hub?.account ?? offer.provider,
      token: network.token,
      withdrawDelay: 900,
      salt: hash('5a'),
    },
    hub,
    tokens,
    promptHash: hash('72'),
    chargeMicroUsd: withSpread(charge, hub),
    handedOnMicroUsd: charge,
    finishReason: 'stop',
    tokensPerSecond: offer.milliTokensPerSecond / 1000,
    receipt: { receipt, signature },
    voucher: { channelId, maxClaimableAmount: charge + 120n, signature },
    error: null,
  }
}

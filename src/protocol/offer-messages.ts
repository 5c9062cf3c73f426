import * as v from 'valibot'
import type { SignedOffer } from '../domain/offer.ts'
import { address, amount, count, hexBytes, peerId, signature } from './fields.ts'
import { limits } from './limits.ts'

export const priceSchema = v.strictObject({
  promptMicroUsdPerMillion: amount,
  completionMicroUsdPerMillion: amount,
})

const offerSchema = v.strictObject({
  provider: address,
  peerId,
  modelId: hexBytes(32),
  arithmeticId: hexBytes(32),
  price: priceSchema,
  contextTokens: count(10_000_000),
  milliTokensPerSecond: count(1_000_000_000),
  freeSlots: count(1024),
  slots: count(1024),
  chunkTokens: v.pipe(count(4096), v.minValue(1)),
  windowTokens: v.pipe(count(65_536), v.minValue(1)),
  chainId: v.pipe(count(Number.MAX_SAFE_INTEGER), v.minValue(1)),
  settlement: address,
  token: address,
  sequence: count(Number.MAX_SAFE_INTEGER),
  expiresAtSeconds: count(0xffffffffff),
})

export const signedOfferSchema: v.GenericSchema<unknown, SignedOffer> = v.strictObject({
  offer: offerSchema,
  signature,
})

/** Tab to relay. */
export const directoryRequestSchema = v.variant('type', [
  v.strictObject({ type: v.literal('publish'), offer: signedOfferSchema }),
  v.strictObject({ type: v.literal('withdraw') }),
])

/**
 * Relay to tab: a full view on opening and as the answer to each change worth telling, refusals of a
 * publish, and departures, pushed at once so that a waiting requester learns of them.
 */
export const directoryEventSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('view'),
    offers: v.pipe(v.array(signedOfferSchema), v.maxLength(limits.offersPerView)),
    peers: count(10_000_000),
  }),
  v.strictObject({ type: v.literal('published'), sequence: count(Number.MAX_SAFE_INTEGER) }),
  v.strictObject({
    type: v.literal('refused'),
    sequence: count(Number.MAX_SAFE_INTEGER),
    shortMessage: v.pipe(v.string(), v.maxLength(limits.shortMessageChars)),
  }),
  v.strictObject({ type: v.literal('departed'), peerId }),
])

export type DirectoryRequest = v.InferOutput<typeof directoryRequestSchema>
export type DirectoryEvent = v.InferOutput<typeof directoryEventSchema>

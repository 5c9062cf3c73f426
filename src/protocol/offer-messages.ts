import * as v from 'valibot'
import { maxSpreadMillionths } from '../domain/hub.ts'
import type { SignedOffer } from '../domain/offer.ts'
import { address, amount, count, hexBytes, peerId, signature } from './fields.ts'
import { limits } from './limits.ts'

/** Prices in micro-dollars per million tokens, as decimal strings. */
export const priceSchema = v.strictObject({
  promptMicroUsdPerMillion: amount,
  completionMicroUsdPerMillion: amount,
})

/** A hub as offers name it. */
export const hubSchema = v.strictObject({
  account: address,
  peerId,
  spreadMillionths: count(maxSpreadMillionths),
})

const offerSchema = v.strictObject({
  provider: address,
  peerId,
  modelId: hexBytes(32),
  arithmeticId: hexBytes(32),
  /** Tasks that are not known here are kept as they are: the offer is signed with them. */
  tasks: v.pipe(
    v.array(v.pipe(v.string(), v.regex(/^[a-z-]{1,24}$/))),
    v.minLength(1),
    v.maxLength(limits.tasksPerOffer),
  ),
  price: priceSchema,
  contextTokens: count(10_000_000),
  milliTokensPerSecond: count(1_000_000_000),
  freeSlots: count(1024),
  slots: count(1024),
  chunkTokens: v.pipe(count(4096), v.minValue(1)),
  chainId: v.pipe(count(Number.MAX_SAFE_INTEGER), v.minValue(1)),
  settlement: address,
  token: address,
  hubs: v.pipe(v.array(hubSchema), v.maxLength(limits.hubsPerOffer)),
  listingId: v.nullable(hexBytes(32)),
  sequence: count(Number.MAX_SAFE_INTEGER),
  expiresAtSeconds: count(0xffffffffff),
})

/** An offer and its signature, shape alone: `verifyOffer` decides whether it is right. */
const signedOfferSchema: v.GenericSchema<unknown, SignedOffer> = v.strictObject({
  offer: offerSchema,
  signature,
})

/** Tab to relay. */
export const directoryRequestSchema = v.variant('type', [
  v.strictObject({ type: v.literal('publish'), offer: signedOfferSchema }),
  v.strictObject({ type: v.literal('withdraw') }),
])

const offers = v.pipe(v.array(signedOfferSchema), v.maxLength(limits.offersPerFrame))
const peers = count(10_000_000)
const sequence = count(Number.MAX_SAFE_INTEGER)

/**
 * Relay to tab. A `view` comes first and forgets what was told before; `changed` adds to it, coalesced. Departures
 * are pushed at once, so that whoever waits for an answer learns of them. A publish is answered by its sequence.
 */
export const directoryEventSchema = v.variant('type', [
  v.strictObject({ type: v.literal('view'), offers, peers }),
  v.strictObject({
    type: v.literal('changed'),
    /** New, or newer than what was told before. */
    offers,
    /** Tabs whose offers were withdrawn or have expired. */
    gone: v.pipe(v.array(peerId), v.maxLength(limits.offersPerFrame)),
    peers,
  }),
  v.strictObject({ type: v.literal('published'), sequence }),
  v.strictObject({
    type: v.literal('refused'),
    sequence,
    shortMessage: v.pipe(v.string(), v.maxLength(limits.shortMessageChars)),
  }),
  v.strictObject({ type: v.literal('departed'), peerId }),
])

/** A checked frame from a tab to a relay. */
export type DirectoryRequest = v.InferOutput<typeof directoryRequestSchema>

/** A checked frame from a relay to a tab. */
export type DirectoryEvent = v.InferOutput<typeof directoryEventSchema>

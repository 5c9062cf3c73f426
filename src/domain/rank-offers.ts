import { chargeMicroUsd } from './price.ts'
import type { Offer } from './offer.ts'

/** A chat turn that prices and speeds are compared on. */
const typicalAnswer = { promptTokens: 300, completionTokens: 250 }

/** What a second of waiting is worth to a requester, in micro-dollars. */
const microUsdPerSecond = 5

/** Seconds that a typical answer of this offer takes. */
function typicalSeconds(offer: Offer): number {
  return (typicalAnswer.completionTokens * 1000) / Math.max(offer.milliTokensPerSecond, 1)
}

/** Returns the price of a typical answer, in micro-dollars. */
export function typicalChargeMicroUsd(offer: Pick<Offer, 'price'>): bigint {
  return chargeMicroUsd(typicalAnswer, offer.price)
}

/** Lower is better: the price of a typical answer plus what its waiting is worth, both in micro-dollars. */
function score(offer: Offer): number {
  return Number(typicalChargeMicroUsd(offer)) + typicalSeconds(offer) * microUsdPerSecond
}

/** Returns the offers best first; those with a free slot before those that are full. */
export function rankOffers<entry extends { offer: Offer }>(entries: readonly entry[]): entry[] {
  const full = ({ offer }: entry) => (offer.freeSlots > 0 ? 0 : 1)
  return entries.toSorted((a, b) => full(a) - full(b) || score(a.offer) - score(b.offer))
}

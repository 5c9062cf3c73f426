import { type Hub, withSpread } from './hub.ts'
import { chargeMicroUsd } from './price.ts'
import type { Offer } from './offer.ts'

/** A chat turn that prices and speeds are compared on. */
const typicalAnswer = { promptTokens: 300, completionTokens: 250 }

/** What a second of waiting is worth to a requester, in micro-dollars. */
const microUsdPerSecond = 5

/** An offer and the hub that it would be paid through, if any. */
type Payable = { offer: Offer; hub?: Hub | null }

/** Seconds that a typical answer of this offer takes. */
function typicalSeconds(offer: Offer): number {
  return (typicalAnswer.completionTokens * 1000) / Math.max(offer.milliTokensPerSecond, 1)
}

/** Returns the price of a typical answer with the hub's spread, if any, in micro-dollars. */
export function typicalChargeMicroUsd(offer: Pick<Offer, 'price'>, hub: Hub | null = null): bigint {
  return withSpread(chargeMicroUsd(typicalAnswer, offer.price), hub)
}

/** Lower is better: the price of a typical answer plus what its waiting is worth, both in micro-dollars. */
function score({ offer, hub = null }: Payable): number {
  return Number(typicalChargeMicroUsd(offer, hub)) + typicalSeconds(offer) * microUsdPerSecond
}

/** Returns the offers best first, spreads counted; those with a free slot before those that are full. */
export function rankOffers<entry extends Payable>(entries: readonly entry[]): entry[] {
  const full = ({ offer }: entry) => (offer.freeSlots > 0 ? 0 : 1)
  return entries.toSorted((a, b) => full(a) - full(b) || score(a) - score(b))
}

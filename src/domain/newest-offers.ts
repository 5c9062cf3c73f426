import type { SignedOffer } from './offer.ts'

/**
 * Returns of each tab and account the offer with the highest sequence. Only among verified offers is that safe:
 * a forged one with a higher sequence would hide the honest one.
 */
export function newestOffers(offers: readonly SignedOffer[]): SignedOffer[] {
  const newest = new Map<string, SignedOffer>()
  for (const signed of offers) {
    const { peerId, provider, sequence } = signed.offer
    const key = `${provider.toLowerCase()} ${peerId}`
    const held = newest.get(key)
    if (!held || held.offer.sequence < sequence) newest.set(key, signed)
  }
  return [...newest.values()]
}

import type { SignedOffer } from '../domain/offer.ts'
import type { DirectoryView } from '../ports/directory.ts'

/** What one relay has told: its offers and how many tabs it sees. */
export type RelayView = { offers: Iterable<SignedOffer>; peers: number }

/**
 * Returns what several relays tell as one view: of each tab the offer with the highest sequence, none whose
 * lifetime is over. Tabs connect to every relay, so the largest count of them is the best.
 */
export function mergeViews(views: RelayView[], nowSeconds: number): DirectoryView {
  const newest = new Map<string, SignedOffer>()
  for (const signed of views.flatMap(({ offers }) => [...offers])) {
    const { peerId, sequence, expiresAtSeconds } = signed.offer
    const held = newest.get(peerId)
    if (expiresAtSeconds > nowSeconds && (!held || held.offer.sequence < sequence)) newest.set(peerId, signed)
  }
  return { offers: [...newest.values()], peers: Math.max(0, ...views.map(({ peers }) => peers)) }
}

/** Returns when the first offer of a view expires, in Unix seconds, or null when it has none. */
export function earliestExpiry({ offers }: DirectoryView): number | null {
  if (offers.length === 0) return null
  return offers.reduce((earliest, { offer }) => Math.min(earliest, offer.expiresAtSeconds), Infinity)
}

import type { SignedOffer } from '../domain/offer.ts'
import type { DirectoryView } from '../ports/directory.ts'

/** What one relay has told: its offers and how many tabs it sees. */
export type RelayView = { offers: Iterable<SignedOffer>; peers: number }

/**
 * Returns what several relays tell as one view: every different offer whose lifetime is not over. Which of a tab's
 * offers is its newest shows only where signatures are checked: a lying relay could hide an honest offer behind a
 * forged one. Tabs connect to every relay, so the largest count of them is the best.
 */
export function mergeViews(views: RelayView[], nowSeconds: number): DirectoryView {
  const told = new Map<string, SignedOffer>()
  for (const signed of views.flatMap(({ offers }) => [...offers])) {
    const { peerId, sequence, expiresAtSeconds } = signed.offer
    if (expiresAtSeconds > nowSeconds) told.set(`${peerId} ${sequence} ${signed.signature}`, signed)
  }
  return { offers: [...told.values()], peers: Math.max(0, ...views.map(({ peers }) => peers)) }
}

/** Returns when the first offer of a view expires, in Unix seconds, or null when it has none. */
export function earliestExpiry({ offers }: DirectoryView): number | null {
  if (offers.length === 0) return null
  return offers.reduce((earliest, { offer }) => Math.min(earliest, offer.expiresAtSeconds), Infinity)
}

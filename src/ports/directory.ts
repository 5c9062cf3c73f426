import type { PeerId } from '../domain/bytes.ts'
import type { SignedOffer } from '../domain/offer.ts'

/** What the directory lists at one moment. */
export type DirectoryView = {
  offers: SignedOffer[]
  /** Tabs connected to the relays, requesters included. */
  peers: number
}

/** Who offers what, now. Kept by the relays, which can neither forge nor change an offer. */
export interface Directory {
  /** Lists an offer until it expires, is withdrawn, or its tab leaves. Replaces the peer's earlier one. */
  publish(offer: SignedOffer): Promise<void>
  withdraw(): Promise<void>
  list(signal?: AbortSignal): Promise<DirectoryView>
  /** Calls back with the view now and after each change, departures included. Returns an unsubscribe. */
  watch(onView: (view: DirectoryView) => void): () => void
  /** Calls back at once when a relay reports that a tab with an offer has left. Returns an unsubscribe. */
  watchDepartures(onDeparted: (peer: PeerId) => void): () => void
}

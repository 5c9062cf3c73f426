import type { PeerId } from '../domain/bytes.ts'
import type { SignedOffer } from '../domain/offer.ts'
import { MarketError } from '../errors/index.ts'
import type { Directory, DirectoryView } from '../ports/directory.ts'
import { abortedWait, noRelay } from './stream-errors.ts'
import { Watchers } from './watchers.ts'

/** The directory that all tabs of one memory network share. */
export class MemoryListing {
  readonly departures = new Watchers<PeerId>()
  readonly changes = new Watchers<void>()
  readonly #offers = new Map<PeerId, SignedOffer>()
  readonly #nowMs: () => number
  readonly #countPeers: () => number

  constructor(nowMs: () => number, countPeers: () => number) {
    this.#nowMs = nowMs
    this.#countPeers = countPeers
  }

  view(): DirectoryView {
    const nowSeconds = this.#nowMs() / 1000
    const offers = [...this.#offers.values()].filter(({ offer }) => offer.expiresAtSeconds > nowSeconds)
    return { offers, peers: this.#countPeers() }
  }

  put(peer: PeerId, signed: SignedOffer): void {
    const { peerId, sequence, expiresAtSeconds } = signed.offer
    if (peerId !== peer) throw refused('The offer names another tab.')
    if (expiresAtSeconds <= this.#nowMs() / 1000) throw refused('The offer has expired.')
    const held = this.#offers.get(peer)
    if (held && held.offer.sequence > sequence) throw refused('A newer offer is listed already.')
    this.#offers.set(peer, signed)
    this.changes.tell()
  }

  remove(peer: PeerId): void {
    if (this.#offers.delete(peer)) this.changes.tell()
  }

  depart(peer: PeerId): void {
    if (this.#offers.delete(peer)) this.departures.tell(peer)
    this.changes.tell()
  }
}

/** One tab's view of the shared listing. */
export function createMemoryDirectory(
  peerId: PeerId,
  listing: MemoryListing,
  relayUp: () => boolean,
): Directory {
  let current: SignedOffer | null = null
  return {
    async publish(offer) {
      current = offer
      if (!relayUp()) throw noRelay()
      listing.put(peerId, offer)
    },
    async withdraw() {
      if (current) listing.remove(peerId)
      current = null
    },
    async list(signal) {
      if (signal?.aborted) throw abortedWait(signal)
      return listing.view()
    },
    watch(onView) {
      onView(listing.view())
      return listing.changes.add(() => onView(listing.view()))
    },
    watchDepartures: (onDeparted) => listing.departures.add(onDeparted),
  }
}

function refused(shortMessage: string): MarketError {
  return new MarketError('market/offer-refused', shortMessage)
}

import type { PeerId } from '../domain/bytes.ts'
import type { SignedOffer } from '../domain/offer.ts'
import type { DirectoryEvent } from '../protocol/offer-messages.ts'

/** Offers of one relay that a tab remembers; a relay that tells of more is not believed. */
const maxOffers = 4_096

/** How long offers from before a relay's restart are kept: their tabs need a moment to come back to it. */
const returnGraceMs = 5_000

type Told = Extract<DirectoryEvent, { type: 'view' | 'changed' | 'departed' }>

/** What one relay has told of offers, kept through its restarts. */
export class ToldOffers {
  peers = 0
  #offers = new Map<PeerId, SignedOffer>()
  #fromBefore = new Map<PeerId, SignedOffer>()
  #graceOver: ReturnType<typeof setTimeout> | undefined
  readonly #onGraceOver: () => void

  constructor(onGraceOver: () => void) {
    this.#onGraceOver = onGraceOver
  }

  offers(): SignedOffer[] {
    return [...this.#fromBefore.values(), ...this.#offers.values()]
  }

  take(event: Told): void {
    if (event.type === 'departed') return this.#forget([event.peerId])
    if (event.type === 'view') this.#startAnew()
    else this.#forget(event.gone)
    this.peers = event.peers
    for (const signed of event.offers) this.#keep(signed)
  }

  stop(): void {
    clearTimeout(this.#graceOver)
  }

  #startAnew(): void {
    this.#fromBefore = this.#offers
    this.#offers = new Map()
    clearTimeout(this.#graceOver)
    this.#graceOver = setTimeout(() => {
      this.#fromBefore.clear()
      this.#onGraceOver()
    }, returnGraceMs)
  }

  #keep(signed: SignedOffer): void {
    const { peerId } = signed.offer
    if (this.#offers.size < maxOffers || this.#offers.has(peerId)) this.#offers.set(peerId, signed)
  }

  #forget(peers: PeerId[]): void {
    for (const peer of peers) {
      this.#offers.delete(peer)
      this.#fromBefore.delete(peer)
    }
  }
}

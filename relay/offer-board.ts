import type { SignedOffer } from '../src/domain/offer.ts'
import { MarketError } from '../src/errors/index.ts'
import { verifyOffer } from '../src/ledger/sign-offer.ts'
import { limits } from '../src/protocol/limits.ts'

/** The offers on the board, one per tab, each until it expires, is withdrawn or its tab leaves. */
export class OfferBoard {
  readonly #offers = new Map<string, SignedOffer>()
  readonly #maxOffers: number
  readonly #nowSeconds: () => number

  constructor(maxOffers: number, nowSeconds: () => number = () => Date.now() / 1000) {
    this.#maxOffers = maxOffers
    this.#nowSeconds = nowSeconds
  }

  get size(): number {
    return this.#offers.size
  }

  all(): SignedOffer[] {
    return [...this.#offers.values()]
  }

  get(peerId: string): SignedOffer | undefined {
    return this.#offers.get(peerId)
  }

  /**
   * Puts up a tab's offer in place of its earlier one.
   * @throws MarketError `market/offer-refused`, LedgerError `ledger/bad-signature`, `ledger/expired-offer`
   */
  async put(peerId: string, signed: SignedOffer): Promise<void> {
    const nowSeconds = this.#nowSeconds()
    this.#checkTerms(peerId, signed, nowSeconds)
    await verifyOffer(signed, nowSeconds)
    this.#offers.set(peerId, signed)
  }

  /** Returns whether there was an offer to take down. */
  remove(peerId: string): boolean {
    return this.#offers.delete(peerId)
  }

  /** Takes down what has expired and returns whose offers that were. */
  sweep(): string[] {
    const nowSeconds = this.#nowSeconds()
    const expired = this.all().filter(({ offer }) => offer.expiresAtSeconds <= nowSeconds)
    for (const { offer } of expired) this.#offers.delete(offer.peerId)
    return expired.map(({ offer }) => offer.peerId)
  }

  #checkTerms(peerId: string, { offer }: SignedOffer, nowSeconds: number): void {
    const held = this.#offers.get(peerId)
    if (offer.peerId !== peerId) throw refused('The offer names another tab.')
    if (held && offer.sequence < held.offer.sequence) throw refused('A newer offer is listed already.')
    if (!held && this.size >= this.#maxOffers) throw refused('The directory is full.')
    if (offer.expiresAtSeconds > nowSeconds + limits.offerLifetimeSeconds) {
      throw refused("The offer promises to live too long. Is this computer's clock right?")
    }
  }
}

function refused(shortMessage: string): MarketError {
  return new MarketError('market/offer-refused', shortMessage)
}

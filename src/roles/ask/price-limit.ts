import { priceWithSpread } from '../../domain/hub.ts'
import { type Price, isAtMost } from '../../domain/price.ts'
import { typicalChargeMicroUsd } from '../../domain/rank-offers.ts'
import { PriceChangedError } from '../../errors/index.ts'
import type { RoutedOffer } from '../fund/choose-route.ts'

/** Keeps a question from being asked at a higher price than was seen; hubs' spreads count. */
export class PriceLimit {
  readonly #atMost: Price | null
  #tooDear: RoutedOffer | null = null

  /** `atMost` is what may be paid in all per million tokens; null for any price. */
  constructor(atMost: Price | null) {
    this.#atMost = atMost
  }

  /** Returns the offers that may be asked, in their order. */
  within(offers: RoutedOffer[]): RoutedOffer[] {
    const atMost = this.#atMost
    if (atMost === null) return offers
    const isWithin = ({ offer, hub }: RoutedOffer) => isAtMost(priceWithSpread(offer.price, hub), atMost)
    this.#tooDear = offers.find((routed) => !isWithin(routed)) ?? null
    return offers.filter(isWithin)
  }

  /** Returns what tells the price of the best offer that was too dear when offers were last looked at; null for none. */
  exceeded(cause?: unknown): PriceChangedError | null {
    if (this.#tooDear === null) return null
    const { offer, hub } = this.#tooDear
    const typical = typicalChargeMicroUsd(offer, hub)
    return new PriceChangedError(priceWithSpread(offer.price, hub), typical, { cause })
  }
}

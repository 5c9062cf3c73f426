import type { Hub } from '../domain/hub.ts'
import type { ModelId } from '../domain/model.ts'
import type { Offer } from '../domain/offer.ts'
import type { MicroUsd } from '../domain/price.ts'
import { typicalChargeMicroUsd } from '../domain/rank-offers.ts'
import { BaseError, MarketError } from '../errors/index.ts'
import type { Directory } from '../ports/index.ts'
import type { Answer, AskEvent } from './answer.ts'
import { type AskDeps, type AskRequest, askProvider, largestCharge } from './ask-provider.ts'
import { Attempts } from './attempts.ts'
import { findOffers } from './find-offers.ts'
import { type RoutedOffer, routeOffers } from './hub/choose-route.ts'
import { HubFunding } from './hub/fund-hub-channel.ts'
import { PriceLimit } from './price-limit.ts'

export type { AskRequest }

/** The deal before it is struck. */
export type Quote = {
  offers: number
  best: Offer
  /** Hub that the best offer would be paid through; null for a direct channel. */
  hub: Hub | null
  /** With the hub's spread. */
  typicalChargeMicroUsd: MicroUsd
  /** What the hub takes for sending a first deposit; null where none is needed, or the wallet pays its own gas. */
  depositFeeMicroUsd: MicroUsd | null
  tokensPerSecond: number
}

/** All that asking and paying takes. */
export type RequestDeps = Omit<AskDeps, 'funding'> & { directory: Directory }

/** A tab that asks and pays. */
export interface Requester {
  /** Returns what an answer would cost now, or null while nobody offers the model. */
  quote(modelId: ModelId, signal?: AbortSignal): Promise<Quote | null>
  /**
   * Asks the best provider, then the next when one is full or gone, none of them at a higher price than is allowed.
   * @returns the answer; `error` is set when it broke off on the way
   * @throws PriceChangedError when only dearer ones are left
   * @throws BaseError when nothing was received and nothing paid
   */
  ask(request: AskRequest, signal: AbortSignal): AsyncGenerator<AskEvent, Answer, void>
}

/** Returns a requester; nothing happens before it is asked. */
export function createRequester(given: RequestDeps): Requester {
  const deps = { ...given, funding: new HubFunding(given) }
  const { transport, chain } = deps

  const offersFor = async (
    modelId: ModelId,
    neededFor: (offer: Offer) => MicroUsd,
    signal?: AbortSignal,
  ): Promise<RoutedOffer[]> => {
    const found = { ...deps, network: chain.network, ownPeerId: transport.peerId }
    return routeOffers(await findOffers(modelId, found, signal), neededFor, deps)
  }

  return {
    async quote(modelId, signal) {
      const [best, ...others] = await offersFor(modelId, typicalChargeMicroUsd, signal)
      if (!best) return null
      const { offer, hub } = best
      const needed = typicalChargeMicroUsd(offer, hub)
      return {
        offers: 1 + others.length,
        best: offer,
        hub,
        typicalChargeMicroUsd: needed,
        depositFeeMicroUsd: hub && (await deps.funding.depositFee(hub, needed)),
        tokensPerSecond: offer.milliTokensPerSecond / 1000,
      }
    },

    async *ask(request, signal) {
      yield { type: 'choosing' }
      const limit = new PriceLimit(request.atMost ?? null)
      const list = async () =>
        limit.within(await offersFor(request.modelId, (offer) => largestCharge(request, offer), signal))
      const offers = await list()
      if (offers.length === 0) {
        throw limit.exceeded() ?? new MarketError('market/no-offers', 'No tab offers this model right now.')
      }
      const attempts = new Attempts(offers, list, deps)
      let failure: unknown
      for (;;) {
        if (attempts.mustWait) yield { type: 'choosing' }
        const entry = await attempts.next(signal)
        if (entry === null) break
        const { offer, hub } = entry
        yield { type: 'dialling', offer, attempt: attempts.made }
        try {
          return yield* askProvider(request, offer, hub, deps, signal)
        } catch (error) {
          failure = error
          if (signal.aborted || !isPeerFault(error)) break
          const detour = await attempts.failed(entry, error)
          if (detour) yield { type: 'bypassing', ...detour }
        }
      }
      if (signal.aborted) throw new MarketError('market/cancelled', 'Cancelled before an answer came.')
      if (!isPeerFault(failure)) throw failure
      // Who failed may have put its price up since it was listed.
      await list().catch(() => {})
      throw limit.exceeded(failure) ?? failure
    },
  }
}

function isPeerFault(error: unknown): error is BaseError {
  return error instanceof BaseError && error.fault === 'peer'
}

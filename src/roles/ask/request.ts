import { type Hub, withSpread } from '../../domain/hub.ts'
import type { Task, Work } from '../../domain/job.ts'
import { largestCharge } from '../../domain/largest-charge.ts'
import type { ModelId } from '../../domain/model.ts'
import type { Offer } from '../../domain/offer.ts'
import { type MicroUsd, chargeMicroUsd } from '../../domain/price.ts'
import { typicalChargeMicroUsd } from '../../domain/rank-offers.ts'
import { BaseError, MarketError } from '../../errors/index.ts'
import type { Directory } from '../../ports/index.ts'
import { type RoutedOffer, routeOffers } from '../fund/choose-route.ts'
import { HubFunding } from '../fund/fund-hub-channel.ts'
import type { Answer, Embeddings } from '../tasks/answer.ts'
import { readPrompt } from '../tasks/read-prompt.ts'
import { type AskRequest, type EmbedRequest, chatTask, embedTask } from '../tasks/requests.ts'
import type { RequestedTask } from '../tasks/witness.ts'
import type { AskEvent } from './ask-event.ts'
import { type AskDeps, askProvider } from './ask-provider.ts'
import { Attempts } from './attempts.ts'
import { type FindOffersDeps, type Wanted, findOffers } from './find-offers.ts'
import { PriceLimit } from './price-limit.ts'
import { unlessAborted } from './unless-aborted.ts'

export type { AskRequest, EmbedRequest }

/** The best offer for a task, and the way of its payment. */
type BestOffer = {
  offers: number
  best: Offer
  /** Hub that the best offer would be paid through; null for a direct channel. */
  hub: Hub | null
  /** Whether a hub that the offer names may only be late: with it the price would be another. */
  lacksHub: boolean
  /** What the hub takes for sending a first deposit; null where none is needed, or the wallet pays its own gas. */
  depositFeeMicroUsd: MicroUsd | null
}

/** The deal before it is struck. */
export type Quote = BestOffer & {
  /** With the hub's spread. */
  typicalChargeMicroUsd: MicroUsd
  tokensPerSecond: number
}

/** The same for texts that are known already. */
export type EmbedQuote = BestOffer & {
  /** Tokens of all texts; null where the model is unknown here. */
  promptTokens: number | null
  /** With the hub's spread; the most that it can be where tokens cannot be counted. */
  chargeMicroUsd: MicroUsd
}

/** All that asking and paying takes. */
export type RequestDeps = Omit<AskDeps, 'funding'> & { directory: Directory } & Pick<
    FindOffersDeps,
    'listingOf'
  >

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
  /** Returns what embedding these texts would cost now, or null while nobody offers to. */
  quoteEmbedding(request: EmbedRequest, signal?: AbortSignal): Promise<EmbedQuote | null>
  /** Has texts embedded, as `ask` has a question answered. All of them come, or none. */
  embed(request: EmbedRequest, signal: AbortSignal): AsyncGenerator<AskEvent, Embeddings, void>
}

/** Returns a requester; nothing happens before it is asked. */
export function createRequester(given: RequestDeps): Requester {
  const deps = { ...given, funding: new HubFunding(given) }
  const { transport, chain } = deps

  const offersFor = async (
    wanted: Wanted,
    neededFor: (offer: Offer) => MicroUsd,
    signal?: AbortSignal,
  ): Promise<RoutedOffer[]> => {
    const found = { ...deps, network: chain.network, ownPeerId: transport.peerId }
    return routeOffers(await findOffers(wanted, found, signal), wanted.task, neededFor, deps)
  }

  const bestOffer = async (
    wanted: Wanted,
    neededFor: (offer: Offer, hub?: Hub | null) => MicroUsd,
    signal?: AbortSignal,
  ): Promise<(BestOffer & { neededMicroUsd: MicroUsd }) | null> => {
    const [best, ...others] = await offersFor(wanted, neededFor, signal)
    if (!best) return null
    const { offer, hub, lacksHub } = best
    const neededMicroUsd = neededFor(offer, hub)
    const depositFeeMicroUsd = hub && (await deps.funding.depositFee(hub, neededMicroUsd))
    return { offers: 1 + others.length, best: offer, hub, lacksHub, depositFeeMicroUsd, neededMicroUsd }
  }

  /** Tries the best provider for a task, then the next. */
  async function* attempt<work extends Work, result>(
    task: RequestedTask<work, result>,
    signal: AbortSignal,
  ): AsyncGenerator<AskEvent, result, void> {
    yield { type: 'choosing' }
    const limit = new PriceLimit(task.atMost ?? null)
    const list = async () =>
      limit.within(await offersFor(task, (offer) => largestCharge(task.work(offer), offer), signal))
    const offers = await list()
    if (offers.length === 0) {
      throw limit.exceeded() ?? new MarketError('market/no-offers', noOffers[task.task])
    }
    // Whoever answers may be who lends the tokenizer that counts its tokens: lending waits for answers.
    await unlessAborted(
      deps.openText(task.modelId).catch(() => null),
      signal,
    )
    const attempts = new Attempts(offers, list, deps)
    let failure: unknown
    for (;;) {
      if (attempts.mustWait) yield { type: 'choosing' }
      const entry = await attempts.next(signal)
      if (entry === null) break
      const { offer, hub } = entry
      yield { type: 'dialling', offer, attempt: attempts.made }
      try {
        return yield* askProvider(task, offer, hub, deps, signal)
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
  }

  return {
    async quote(modelId, signal) {
      const found = await bestOffer({ modelId, task: 'chat' }, typicalChargeMicroUsd, signal)
      if (!found) return null
      const { neededMicroUsd, ...best } = found
      return {
        ...best,
        typicalChargeMicroUsd: neededMicroUsd,
        tokensPerSecond: best.best.milliTokensPerSecond / 1000,
      }
    },
    ask: (request, signal) => attempt(chatTask(request, deps.random), signal),
    async quoteEmbedding({ modelId, texts }, signal) {
      const work = { task: 'embed', texts } as const
      const text = await deps.openText(modelId).catch(() => null)
      const promptTokens = text && (await readPrompt(work, text)).tokens
      const neededFor = (offer: Offer, hub: Hub | null = null) => {
        if (promptTokens === null) return withSpread(largestCharge(work, offer), hub)
        return withSpread(chargeMicroUsd({ promptTokens, completionTokens: 0 }, offer.price), hub)
      }
      const found = await bestOffer({ modelId, task: 'embed' }, neededFor, signal)
      if (!found) return null
      const { neededMicroUsd, ...best } = found
      return { ...best, promptTokens, chargeMicroUsd: neededMicroUsd }
    },
    embed: (request, signal) => attempt(embedTask(request), signal),
  }
}

const noOffers: Record<Task, string> = {
  chat: 'No tab offers this model right now.',
  embed: 'No tab compares texts with this model right now.',
}

function isPeerFault(error: unknown): error is BaseError {
  return error instanceof BaseError && error.fault === 'peer'
}

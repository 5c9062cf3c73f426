import { priceWithSpread } from '../domain/hub.ts'
import type { ModelId } from '../domain/model.ts'
import type { Offer } from '../domain/offer.ts'
import type { Price } from '../domain/price.ts'
import type { Quote } from '../roles/ask/request.ts'
import { abortable } from './abortable.ts'
import { toFailure, type Failure } from './failure.ts'
import type { NetworkView } from './network-view.svelte.ts'
import type { Tab } from './tab.ts'

export type { Quote }

/** In a market that changes all the time questions begin so far apart. */
const intervalMs = 2_000
/** A hub that was not met may be on its way, as after a relay's restart: so many questions wait for it. */
const questionsForHub = 3
/** After so long hubs and chain may say otherwise, although the offers are only renewed. */
const staleMs = 30_000

/** What an answer would cost now, for the line over the composer. */
export class Deal {
  #tab: Tab
  /** What was found for the model in question; null while that is not known, and where nobody can be asked. */
  quote = $state.raw<Quote | null>(null)
  /** Whether the market is being asked, or will be in a moment. */
  asking = $state(false)
  /** Why the last question came to nothing. */
  failure = $state.raw<Failure | null>(null)
  #modelId: ModelId | null = null
  /** Terms that others offered when they were last looked at; null while there is no connection. */
  #terms: string | null = null
  #question: AbortController | null = null
  #askedAtMs = 0
  /** Whether offers have changed since the last question began. */
  #isDue = false
  /** Questions in a row whose best offer lacked its hub. */
  #withoutHub = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(tab: Tab) {
    this.#tab = tab
  }

  /** Keeps a model's terms up to date: call it whenever the model or the network has changed. */
  follow(modelId: ModelId, network: Pick<NetworkView, 'state' | 'offersOfOthers'>): void {
    this.#turnTo(modelId)
    const before = this.#terms
    this.#terms = network.state === 'online' ? termsOf(network.offersOfOthers(modelId)) : null
    if (this.#terms === null) return
    if (this.#terms === before && Date.now() - this.#askedAtMs < staleMs) return
    this.#isDue = true
    this.asking = true
    this.#askWhenDue()
  }

  /** Asks the market for a model's terms at once; the latest call wins, and ends the question before. */
  async refresh(modelId: ModelId): Promise<void> {
    this.#turnTo(modelId)
    this.#question?.abort()
    const { signal } = (this.#question = new AbortController())
    this.#askedAtMs = Date.now()
    this.#isDue = false
    this.asking = true
    let quote: Quote | null = null
    let failure: Failure | null = null
    try {
      const requester = await abortable(this.#tab.requester(), signal)
      quote = await abortable(requester.quote(modelId, signal), signal)
    } catch (error) {
      failure = toFailure(error)
    }
    if (signal.aborted) return
    this.#question = null
    this.#withoutHub = quote?.lacksHub ? this.#withoutHub + 1 : 0
    // A price without the hub's spread would be refused once the hub is there.
    if (quote?.lacksHub && this.#withoutHub < questionsForHub) this.#isDue = true
    else this.quote = quote
    this.failure = failure
    this.asking = this.#isDue
    this.#askWhenDue()
  }

  /** Asks for the same terms anew. */
  async renew(): Promise<void> {
    if (this.#modelId) await this.refresh(this.#modelId)
  }

  /** Returns the price that is shown for a model, a hub's spread included; null while none is. */
  priceOf(modelId: ModelId): Price | null {
    if (this.quote?.best.modelId !== modelId) return null
    return priceWithSpread(this.quote.best.price, this.quote.hub)
  }

  /** What is known of one model says nothing of another. */
  #turnTo(modelId: ModelId): void {
    if (modelId === this.#modelId) return
    this.#question?.abort()
    this.#modelId = modelId
    this.#question = this.#terms = this.quote = this.failure = null
    this.#askedAtMs = this.#withoutHub = 0
    this.#isDue = this.asking = false
  }

  /** A question under way is answered first: where offers change all the time, none would ever be. */
  #askWhenDue(): void {
    clearTimeout(this.#timer)
    if (!this.#isDue || this.#question) return
    const waitMs = this.#askedAtMs + intervalMs - Date.now()
    if (waitMs > 0) this.#timer = setTimeout(() => this.#askWhenDue(), waitMs)
    else void this.renew()
  }
}

/** Returns all that offers say but for what changes when one is renewed. */
function termsOf(offers: readonly Offer[]): string {
  return JSON.stringify(offers, (key, value: unknown) => {
    if (key === 'sequence' || key === 'expiresAtSeconds') return undefined
    return typeof value === 'bigint' ? String(value) : value
  })
}

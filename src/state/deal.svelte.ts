import { priceWithSpread } from '../domain/hub.ts'
import type { ModelId } from '../domain/model.ts'
import type { Price } from '../domain/price.ts'
import type { Quote } from '../roles/ask/request.ts'
import type { Tab } from './tab.ts'

export type { Quote }

/** What an answer would cost now, for the line over the composer. */
export class Deal {
  #tab: Tab
  quote = $state.raw<Quote | null>(null)
  #asked = 0
  #modelId: ModelId | null = null

  constructor(tab: Tab) {
    this.#tab = tab
  }

  /** Asks the market for a model's terms; the latest call wins. */
  async refresh(modelId: ModelId): Promise<void> {
    const asked = ++this.#asked
    this.#modelId = modelId
    const quote = await this.#tab
      .requester()
      .then((requester) => requester.quote(modelId))
      .catch(() => null)
    if (asked === this.#asked) this.quote = quote
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
}

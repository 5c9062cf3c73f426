import type { Quote } from '../roles/request.ts'
import type { ModelId } from '../domain/model.ts'
import type { Tab } from './tab.ts'

export type { Quote }

/** What an answer would cost now, for the line over the composer. */
export class Deal {
  #tab: Tab
  quote = $state.raw<Quote | null>(null)
  #asked = 0

  constructor(tab: Tab) {
    this.#tab = tab
  }

  /** Asks the market for a model's terms; the latest call wins. */
  async refresh(modelId: ModelId): Promise<void> {
    const asked = ++this.#asked
    const quote = await this.#tab
      .requester()
      .then((requester) => requester.quote(modelId))
      .catch(() => null)
    if (asked === this.#asked) this.quote = quote
  }
}

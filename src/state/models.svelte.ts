import type { CatalogueEntry, ModelId } from '../domain/model.ts'
import { toFailure, type Failure } from './failure.ts'
import type { Tab } from './tab.ts'

/** The models that this page offers. */
export class Models {
  #tab: Tab
  entries = $state.raw<CatalogueEntry[]>([])
  failure = $state.raw<Failure | null>(null)

  constructor(tab: Tab) {
    this.#tab = tab
  }

  async load(): Promise<void> {
    try {
      this.entries = await this.#tab.catalogue()
      this.failure = null
    } catch (error) {
      this.failure = toFailure(error)
    }
  }

  find(id: ModelId | null): CatalogueEntry | null {
    return this.entries.find((entry) => entry.id === id) ?? null
  }

  /** Name of a model, or the start of its id when this page does not know it. */
  name(id: ModelId): string {
    return this.find(id)?.manifest.name ?? `Model ${id.slice(2, 10)}`
  }
}

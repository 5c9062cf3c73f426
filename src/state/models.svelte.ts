import type { CatalogueEntry, ModelId } from '../domain/model.ts'
import { toFailure, type Failure } from './failure.ts'
import type { Tab } from './tab.ts'

const retryMs = 10_000
const refreshMs = 30_000

/** The models that this page offers. */
export class Models {
  #tab: Tab
  #retry: ReturnType<typeof setTimeout> | undefined
  entries = $state.raw<CatalogueEntry[]>([])
  failure = $state.raw<Failure | null>(null)

  constructor(tab: Tab) {
    this.#tab = tab
  }

  /** Reads the list, again and again while it cannot be read. */
  async load(): Promise<void> {
    clearTimeout(this.#retry)
    try {
      this.entries = await this.#tab.catalogue()
      this.failure = null
    } catch (error) {
      this.failure = toFailure(error)
      this.#retry = setTimeout(() => void this.load(), retryMs)
    }
  }

  /** Reads what publishers list on the chain, now and twice a minute. Without a chain, what is known already stays. */
  async follow(): Promise<void> {
    while (true) {
      await this.refresh().catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, refreshMs))
    }
  }

  /** Reads what publishers list on the chain. */
  async refresh(): Promise<void> {
    const listed = await this.#tab.listed()
    if (await listed.refresh()) await this.load()
  }

  find(id: ModelId | null): CatalogueEntry | null {
    return this.entries.find((entry) => entry.id === id) ?? null
  }

  /** Name of a model, or the start of its id when this page does not know it. */
  name(id: ModelId): string {
    return this.find(id)?.manifest.name ?? `Model ${id.slice(2, 10)}`
  }
}

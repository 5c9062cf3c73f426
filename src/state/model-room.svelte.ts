import type { CatalogueEntry } from '../domain/model.ts'
import type { KeptModel, ModelRoom } from '../ports/kept-models.ts'
import { toFailure, type Failure } from './failure.ts'
import type { Tab } from './tab.ts'

export type { KeptModel }

/** What a download takes and what there is room for; what could make room is removed only when a person says so. */
export class RoomForModel {
  #tab: Tab
  #entry: CatalogueEntry | null = null
  room = $state.raw<ModelRoom | null>(null)
  /** Other models that are kept, the one that was not used for the longest time first. */
  others = $state.raw<KeptModel[]>([])
  failure = $state.raw<Failure | null>(null)

  constructor(tab: Tab) {
    this.#tab = tab
  }

  /** Bytes that are missing to keep the model; 0 where it fits or the browser does not say. */
  get shortBytes(): number {
    const { missingBytes, freeBytes } = this.room ?? { missingBytes: 0, freeBytes: null }
    return freeBytes === null ? 0 : Math.max(missingBytes - freeBytes, 0)
  }

  async look(entry: CatalogueEntry): Promise<void> {
    this.#entry = entry
    try {
      const kept = await this.#tab.keptModels()
      const [room, list] = [await kept.room(entry), await kept.list()]
      if (this.#entry !== entry) return
      this.room = room
      this.others = list.filter(({ id }) => id !== entry.id)
      this.failure = null
    } catch (error) {
      if (this.#entry === entry) this.failure = toFailure(error)
    }
  }

  /** Removes a model, which the person has just agreed to. */
  async remove({ id }: KeptModel): Promise<void> {
    try {
      await (await this.#tab.keptModels()).remove(id)
    } catch (error) {
      this.failure = toFailure(error)
    }
    if (this.#entry) await this.look(this.#entry)
  }
}

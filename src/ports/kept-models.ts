import type { CatalogueEntry, ModelId } from '../domain/model.ts'

/** What a download would take, before it begins. */
export type ModelRoom = {
  /** Not here yet. */
  missingBytes: number
  /** What the browser says there is room for; null where it does not say. */
  freeBytes: number | null
  /** Whether the browser has promised not to clear it when it runs out of room. */
  isPersistent: boolean
}

/** A model of which at least a part is kept. */
export type KeptModel = {
  id: ModelId
  /** Null when it was never used and is not listed. */
  name: string | null
  bytes: number
  /** Unix time in milliseconds; null when it was never used. */
  lastUsedAtMs: number | null
}

/** What this browser keeps of models, and what there is room for. */
export interface KeptModels {
  room(entry: CatalogueEntry): Promise<ModelRoom>
  /** Returns what is kept, the model that was not used for the longest time first. */
  list(): Promise<KeptModel[]>
  /** Waits for a tab that is fetching the model. Only a person decides that. */
  remove(id: ModelId): Promise<void>
}

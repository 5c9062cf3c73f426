import type { CatalogueEntry, ModelId } from '../domain/model.ts'
import type { DocumentStore } from '../ports/document-store.ts'

/** When a model was last handed out, and what it is called. */
export type ModelUse = { name: string; atMs: number }

const collection = 'model-uses'

/** Remembers when each model was last used, over visits. */
export class ModelUses {
  readonly #documents: DocumentStore

  constructor(documents: DocumentStore) {
    this.#documents = documents
  }

  async note({ id, manifest }: CatalogueEntry): Promise<void> {
    const use: ModelUse = { name: manifest.name, atMs: Date.now() }
    await this.#documents.put(collection, id, use)
  }

  async last(id: ModelId): Promise<ModelUse | null> {
    return ((await this.#documents.get(collection, id)) as ModelUse | undefined) ?? null
  }

  async forget(id: ModelId): Promise<void> {
    await this.#documents.delete(collection, id)
  }
}

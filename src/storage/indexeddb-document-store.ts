import type { DocumentStore } from '../ports/document-store.ts'
import type { Database } from './database.ts'

/** Keeps documents in IndexedDB. */
export class IndexedDbDocumentStore implements DocumentStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  get(collection: string, key: string): Promise<unknown> {
    return this.#database.run((database) => database.get('documents', [collection, key]))
  }

  async put(collection: string, key: string, value: unknown): Promise<void> {
    await this.#database.run((database) => database.put('documents', value, [collection, key]))
  }

  add(collection: string, key: string, value: unknown): Promise<boolean> {
    return this.#database.run(async (database) => {
      const transaction = database.transaction('documents', 'readwrite', { durability: 'strict' })
      const known = await transaction.store.count([collection, key])
      if (known === 0) await transaction.store.add(value, [collection, key])
      await transaction.done
      return known === 0
    })
  }

  change(collection: string, key: string, next: (kept: unknown) => unknown): Promise<void> {
    return this.#database.run(async (database) => {
      const { store, done } = database.transaction('documents', 'readwrite', { durability: 'strict' })
      const id: [string, string] = [collection, key]
      const value = next(await store.get(id))
      await (value === undefined ? store.delete(id) : store.put(value, id))
      await done
    })
  }

  async delete(collection: string, key: string): Promise<void> {
    await this.#database.run((database) => database.delete('documents', [collection, key]))
  }

  async keys(collection: string): Promise<string[]> {
    // An array sorts after every string, so this covers all keys of the collection.
    const range = IDBKeyRange.bound([collection], [collection, []])
    const keys = await this.#database.run((database) => database.getAllKeys('documents', range))
    return keys.map(([, key]) => key)
  }
}

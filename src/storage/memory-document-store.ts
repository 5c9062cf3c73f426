import type { DocumentStore } from '../ports/document-store.ts'

/** Keeps documents as long as the process lives. */
export class MemoryDocumentStore implements DocumentStore {
  readonly #collections = new Map<string, Map<string, unknown>>()

  async get(collection: string, key: string): Promise<unknown> {
    return structuredClone(this.#collections.get(collection)?.get(key))
  }

  async put(collection: string, key: string, value: unknown): Promise<void> {
    const documents = this.#collections.get(collection) ?? new Map<string, unknown>()
    this.#collections.set(collection, documents.set(key, structuredClone(value)))
  }

  async add(collection: string, key: string, value: unknown): Promise<boolean> {
    if (this.#collections.get(collection)?.has(key)) return false
    await this.put(collection, key, value)
    return true
  }

  async change(collection: string, key: string, next: (kept: unknown) => unknown): Promise<void> {
    const value = next(structuredClone(this.#collections.get(collection)?.get(key)))
    await (value === undefined ? this.delete(collection, key) : this.put(collection, key, value))
  }

  async delete(collection: string, key: string): Promise<void> {
    this.#collections.get(collection)?.delete(key)
  }

  async keys(collection: string): Promise<string[]> {
    return [...(this.#collections.get(collection)?.keys() ?? [])].sort()
  }
}

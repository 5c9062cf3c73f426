/** A small document that survives a reload: a conversation, a setting, a receipt. Structured-clone values only. */
export interface DocumentStore {
  get(collection: string, key: string): Promise<unknown>
  put(collection: string, key: string, value: unknown): Promise<void>
  /**
   * Keeps a document where there is none, in one atomic step, and returns whether it did: so that of two tabs that
   * add at once one alone succeeds.
   */
  add(collection: string, key: string, value: unknown): Promise<boolean>
  /**
   * Replaces a document by what `next` makes of it, in one atomic step, whatever other tabs do meanwhile. It gets
   * undefined where there is none, and removes the document by returning that.
   */
  change(collection: string, key: string, next: (kept: unknown) => unknown): Promise<void>
  delete(collection: string, key: string): Promise<void>
  /** Keys in ascending order. */
  keys(collection: string): Promise<string[]>
}

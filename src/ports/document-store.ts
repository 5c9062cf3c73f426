/** A small document that survives a reload: a conversation, a setting, a receipt. Structured-clone values only. */
export interface DocumentStore {
  get(collection: string, key: string): Promise<unknown>
  put(collection: string, key: string, value: unknown): Promise<void>
  /**
   * Keeps a document where there is none, in one atomic step, and returns whether it did: so that of two tabs that
   * add at once one alone succeeds.
   */
  add(collection: string, key: string, value: unknown): Promise<boolean>
  delete(collection: string, key: string): Promise<void>
  /** Keys in ascending order. */
  keys(collection: string): Promise<string[]>
}

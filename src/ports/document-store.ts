/** A small document that survives a reload: a conversation, a setting, a receipt. Structured-clone values only. */
export interface DocumentStore {
  get(collection: string, key: string): Promise<unknown>
  put(collection: string, key: string, value: unknown): Promise<void>
  delete(collection: string, key: string): Promise<void>
  /** Keys in ascending order. */
  keys(collection: string): Promise<string[]>
}

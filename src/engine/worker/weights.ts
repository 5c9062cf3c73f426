/** A graph's weights, wherever they lie. */
export type Weights = {
  readonly bytes: number
  /** Returns the bytes from `from` up to, not including, `to`, as they are until something else is read. */
  read(from: number, to: number): Uint8Array<ArrayBuffer>
  /** Gives their place back; nothing can be read any more. */
  close(): void
}

/** Weights while they are prepared, part by part. */
export type NewWeights = Weights & {
  write(part: Uint8Array<ArrayBuffer>, at: number): void
  /** Keeps what was written, and the graph beside it, for later visits, where there is a place for it. */
  keep(graph: Uint8Array<ArrayBuffer>): Promise<void>
}

/** Returns room for weights in this program's memory. */
export function createMemoryWeights(bytes: number): NewWeights {
  const whole = new Uint8Array(bytes)
  return {
    bytes,
    read: (from, to) => whole.subarray(from, to),
    write: (part, at) => whole.set(part, at),
    async keep() {},
    close() {},
  }
}

/** Finds nothing and keeps nothing. */
export const memoryStore = {
  find: async () => null,
  create: async (_key: string, bytes: number) => createMemoryWeights(bytes),
  passed: async () => null,
  notePassed: async () => {},
}

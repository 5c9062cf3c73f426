/** The keys and values of one sequence, wherever they are kept. */
export interface SequenceCache {
  /** Tokens kept. */
  readonly length: number
  /** Memory that it takes. */
  readonly bytes: number
  /** Forgets the tokens from `length` on. */
  truncate(length: number): void
  /** Returns a copy of the first `length` tokens. */
  copyFirst(length: number): this
  /** Gives its memory back. */
  close(): void
}

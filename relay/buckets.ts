import { type BucketOptions, TokenBucket } from './token-bucket.ts'

/** Keys that are remembered before those with a full bucket are forgotten. */
const remembered = 1_000

/** A bucket for each peer, channel or the like. */
export class Buckets<key> {
  readonly #options: BucketOptions
  readonly #nowMs: () => number
  readonly #buckets = new Map<key, TokenBucket>()

  constructor(options: BucketOptions, nowMs: () => number) {
    this.#options = options
    this.#nowMs = nowMs
  }

  /** Takes a token of a key's bucket and returns how long to wait before using it, in milliseconds; null for none. */
  take(key: key): number | null {
    const known = this.#buckets.get(key)
    if (known) return known.take()
    if (this.#buckets.size >= remembered) this.#forgetFull()
    const fresh = new TokenBucket(this.#options, this.#nowMs)
    this.#buckets.set(key, fresh)
    return fresh.take()
  }

  #forgetFull(): void {
    for (const [key, bucket] of this.#buckets) if (bucket.full) this.#buckets.delete(key)
  }
}

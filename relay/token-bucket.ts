/** How much a bucket lets through. */
export type BucketOptions = {
  /** Tokens that a full bucket holds. */
  burst: number
  perSecond: number
  /** Who would have to wait longer gets none. */
  maxWaitMs: number
}

/** Lets through a burst, then a steady rate; who is faster waits, who is far too fast is turned away. */
export class TokenBucket {
  readonly #options: BucketOptions
  readonly #nowMs: () => number
  #fullAtMs: number

  constructor(options: BucketOptions, nowMs: () => number = () => performance.now()) {
    this.#options = options
    this.#nowMs = nowMs
    this.#fullAtMs = nowMs()
  }

  /** Whether it is full again, so that nothing is lost by forgetting it. */
  get full(): boolean {
    return this.#fullAtMs <= this.#nowMs()
  }

  /** Takes tokens and returns how long to wait before using them, in milliseconds; null when there are too few. */
  take(tokens = 1): number | null {
    const { burst, perSecond, maxWaitMs } = this.#options
    const msPerToken = 1000 / perSecond
    const nowMs = this.#nowMs()
    const fullAtMs = Math.max(this.#fullAtMs, nowMs) + tokens * msPerToken
    const waitMs = Math.max(0, fullAtMs - nowMs - burst * msPerToken)
    if (waitMs > maxWaitMs) return null
    this.#fullAtMs = fullAtMs
    return waitMs
  }
}

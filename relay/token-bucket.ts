/** Lets through a burst, then a steady rate; who is faster waits. */
export class TokenBucket {
  readonly #burst: number
  readonly #msPerToken: number
  readonly #nowMs: () => number
  #fullAtMs: number

  constructor(burst: number, perSecond: number, nowMs: () => number = () => performance.now()) {
    this.#burst = burst
    this.#msPerToken = 1000 / perSecond
    this.#nowMs = nowMs
    this.#fullAtMs = nowMs()
  }

  /** Takes a token and returns how long to wait before using it, in milliseconds. */
  take(): number {
    const nowMs = this.#nowMs()
    this.#fullAtMs = Math.max(this.#fullAtMs, nowMs) + this.#msPerToken
    return Math.max(0, this.#fullAtMs - nowMs - this.#burst * this.#msPerToken)
  }
}

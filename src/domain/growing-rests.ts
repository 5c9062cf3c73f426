/** Sources that are left alone after they failed, after each failure in a row twice as long. */
export class GrowingRests {
  readonly #firstMs: number
  readonly #longestMs: number
  readonly #failed = new Map<string, { untilMs: number; restMs: number }>()

  /** A rest after a first failure, and the longest one. */
  constructor(firstMs: number, longestMs: number) {
    this.#firstMs = firstMs
    this.#longestMs = longestMs
  }

  mayAsk(source: string, nowMs: number): boolean {
    return nowMs >= (this.#failed.get(source)?.untilMs ?? -Infinity)
  }

  failed(source: string, nowMs: number): void {
    const before = this.#failed.get(source)
    const restMs = before ? Math.min(2 * before.restMs, this.#longestMs) : this.#firstMs
    this.#failed.set(source, { untilMs: nowMs + restMs, restMs })
  }

  succeeded(source: string): void {
    this.#failed.delete(source)
  }
}

/** Sources that are left alone for a while, each with what it did. */
export class SourceRests<reason> {
  readonly #resting = new Map<string, { untilMs: number; reason: reason }>()

  rest(source: string, untilMs: number, reason: reason): void {
    this.#resting.set(source, { untilMs, reason })
  }

  /** Returns why a source is to be left alone, or null when it may be asked. */
  reason(source: string, nowMs: number): reason | null {
    const resting = this.#resting.get(source)
    if (!resting) return null
    if (resting.untilMs > nowMs) return resting.reason
    this.#resting.delete(source)
    return null
  }
}

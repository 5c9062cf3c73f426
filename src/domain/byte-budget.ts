/** What may be sent at once after a silence, as time at the full rate. */
const burstMs = 250

/** Keeps what is sent to a number of bytes per second, over all who send. */
export class ByteBudget {
  #bytesPerSecond: number
  #paidUntilMs = -Infinity

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond
  }

  /** Changes the rate; what was booked at the earlier one is forgiven. */
  limit(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond
    this.#paidUntilMs = -Infinity
  }

  /** Books bytes that are about to be sent and returns how long to wait before, in milliseconds. */
  book(bytes: number, nowMs: number): number {
    const startMs = Math.max(this.#paidUntilMs, nowMs - burstMs)
    this.#paidUntilMs = startMs + (bytes / this.#bytesPerSecond) * 1000
    return Math.max(0, this.#paidUntilMs - nowMs)
  }
}

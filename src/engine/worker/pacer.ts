import type { Clock } from '../../ports/clock.ts'

/** Work that may be done at once after a rest: the first words of an answer come as fast as the machine can. */
const burstMs = 2_000
/** Whoever watches for signs of life must see one now and then. */
const longestPauseMs = 30_000

/** Runs steps so that they take no more than a share of the time: what a step took too much is paused before the next. */
export class Pacer {
  readonly #clock: Clock
  #share = 1
  /** Work that may be done before a pause is due; negative while one is. */
  #creditMs = burstMs
  #countedMs: number
  #pausedMs = 0
  #wake = new AbortController()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#countedMs = clock.nowMs()
  }

  /** Sets the share of the time that steps may take, above 0 and at most 1. It holds at once, also for a pause under way. */
  throttle(share: number): void {
    this.#earn()
    this.#share = share
    this.#wake.abort()
    this.#wake = new AbortController()
  }

  /** A clock that stands still during pauses, for measuring what steps cost. */
  workMs(): number {
    return this.#clock.nowMs() - this.#pausedMs
  }

  /** Runs a step as soon as the share allows. */
  async run<value>(step: () => Promise<value>): Promise<value> {
    await this.#pause()
    const startedMs = this.#clock.nowMs()
    try {
      return await step()
    } finally {
      this.#creditMs -= this.#clock.nowMs() - startedMs
      this.#earn()
    }
  }

  async #pause(): Promise<void> {
    const startedMs = this.#clock.nowMs()
    for (;;) {
      this.#earn()
      const leftMs = longestPauseMs - (this.#clock.nowMs() - startedMs)
      if (this.#share >= 1 || this.#creditMs >= 0 || leftMs <= 0) break
      const pauseMs = Math.min(Math.ceil(-this.#creditMs / this.#share), leftMs)
      await this.#clock.sleep(pauseMs, this.#wake.signal).catch(() => {})
    }
    // A debt that is not paid by now is forgiven.
    this.#creditMs = Math.max(this.#creditMs, 0)
    this.#pausedMs += this.#clock.nowMs() - startedMs
  }

  #earn(): void {
    const nowMs = this.#clock.nowMs()
    this.#creditMs = Math.min(this.#creditMs + (nowMs - this.#countedMs) * this.#share, burstMs)
    this.#countedMs = nowMs
  }
}

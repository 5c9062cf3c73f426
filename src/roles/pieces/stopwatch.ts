import type { Clock } from '../../ports/index.ts'

/** Measures how long something lasts, breaks left out. It stands still at first. */
export class Stopwatch {
  readonly #clock: Clock
  #countedMs = 0
  #runsSinceMs: number | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get elapsedMs(): number {
    const runningMs = this.#runsSinceMs === null ? 0 : this.#clock.nowMs() - this.#runsSinceMs
    return this.#countedMs + runningMs
  }

  /** Lets it run or stand still; again is no harm. */
  run(isRunning: boolean): void {
    this.#countedMs = this.elapsedMs
    this.#runsSinceMs = isRunning ? this.#clock.nowMs() : null
  }

  /** Begins at nothing again, running or not. */
  reset(): void {
    this.#countedMs = 0
    if (this.#runsSinceMs !== null) this.#runsSinceMs = this.#clock.nowMs()
  }
}

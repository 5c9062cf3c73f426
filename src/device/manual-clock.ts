import type { Clock } from '../ports/clock.ts'

type Sleeper = { dueMs: number; wake: () => void }

/** Time that stands still until a test moves it. */
export class ManualClock implements Clock {
  #nowMs: number
  readonly #sleepers = new Set<Sleeper>()

  constructor(startMs = 0) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const sleeper = { dueMs: this.#nowMs + Math.max(ms, 0), wake: resolve }
    const onAbort = () => reject(signal?.reason)
    this.#sleepers.add(sleeper)
    signal?.addEventListener('abort', onAbort, { once: true })
    return promise.finally(() => {
      this.#sleepers.delete(sleeper)
      signal?.removeEventListener('abort', onAbort)
    })
  }

  /** Moves time on and wakes whoever falls due on the way, in order; what they do at once is done when it resolves. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await settle()
    for (let next = this.#nextDue(endMs); next; next = this.#nextDue(endMs)) {
      this.#nowMs = Math.max(next.dueMs, this.#nowMs)
      this.#sleepers.delete(next)
      next.wake()
      await settle()
    }
    this.#nowMs = endMs
  }

  #nextDue(endMs: number): Sleeper | undefined {
    const [first] = [...this.#sleepers].sort((a, b) => a.dueMs - b.dueMs)
    return first && first.dueMs <= endMs ? first : undefined
  }
}

/** Lets every promise that is already decided run its course. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}

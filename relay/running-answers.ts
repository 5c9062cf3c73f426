import type { StreamHandler } from '../src/ports/transport.ts'

/** Follows what is being answered, so that whoever stops can wait for it. */
export class RunningAnswers {
  readonly #running = new Set<Promise<void>>()

  /** Returns a handler that does the same and is followed. */
  follow(answer: StreamHandler): StreamHandler {
    return (stream) => {
      const running = answer(stream).finally(() => this.#running.delete(running))
      this.#running.add(running)
      return running
    }
  }

  /** Resolves when none is running, or after `timeoutMs`. */
  async ended(timeoutMs: number): Promise<void> {
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, timeoutMs)
    await Promise.race([Promise.allSettled(this.#running), late.promise])
    clearTimeout(timer)
  }
}

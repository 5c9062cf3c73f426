/** Whether this tab gives or gets an answer, for what has to wait meanwhile: pieces never slow an answer down. */
export class AnswersFirst {
  #underWay = 0
  readonly #listeners = new Set<(busy: boolean) => void>()

  get busy(): boolean {
    return this.#underWay > 0
  }

  /** An answer begins. Returns a function that says it is over; again is no harm. */
  enter(): () => void {
    let isOver = false
    this.#count(1)
    return () => {
      if (isOver) return
      isOver = true
      this.#count(-1)
    }
  }

  /** Calls back when the first answer begins and when the last one is over. Returns an unsubscribe. */
  watch(onChange: (busy: boolean) => void): () => void {
    this.#listeners.add(onChange)
    return () => void this.#listeners.delete(onChange)
  }

  /** Resolves once no answer is under way, or when the signal aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    while (this.busy && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const wake = () => resolve()
      const unwatch = this.watch(wake)
      signal.addEventListener('abort', wake, { once: true })
      await promise
      signal.removeEventListener('abort', wake)
      unwatch()
    }
  }

  #count(change: number): void {
    const before = this.busy
    this.#underWay += change
    if (before === this.busy) return
    for (const listener of [...this.#listeners]) listener(this.busy)
  }
}

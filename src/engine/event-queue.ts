/** Events that are pushed on one side and pulled on the other; pushing waits until they are taken. */
export class EventQueue<event> {
  readonly #events: { event: event; taken: () => void }[] = []
  #ended = false
  #wake = () => {}

  /** Resolves when the event was taken. */
  push(event: event): Promise<void> {
    return new Promise((taken) => {
      this.#events.push({ event, taken })
      this.#wake()
    })
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<event, void, void> {
    while (true) {
      const next = this.#events.shift()
      if (next) {
        next.taken()
        yield next.event
      } else if (this.#ended) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}

/** Callbacks that are told of each change. */
export class Watchers<value> {
  readonly #callbacks = new Set<(value: value) => void>()

  get size(): number {
    return this.#callbacks.size
  }

  /** Returns a function that takes the callback off again. */
  add(callback: (value: value) => void): () => void {
    const own = (told: value) => callback(told)
    this.#callbacks.add(own)
    return () => void this.#callbacks.delete(own)
  }

  tell(value: value): void {
    for (const callback of [...this.#callbacks]) callback(value)
  }
}

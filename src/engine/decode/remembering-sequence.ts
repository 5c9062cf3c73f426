import type { Sequence } from './sequence.ts'

/** A sequence that knows its own tokens: equal length alone does not make two texts one. */
export class RememberingSequence implements Sequence {
  readonly #inner: Sequence
  #tokenIds: number[]

  constructor(inner: Sequence, tokenIds: readonly number[] = []) {
    this.#inner = inner
    this.#tokenIds = [...tokenIds]
  }

  get length(): number {
    return this.#inner.length
  }

  get cacheBytes(): number {
    return this.#inner.cacheBytes
  }

  /** Returns with how many tokens of `wanted` it begins; those of a prompt count as soon as they are read. */
  countCommon(wanted: readonly number[]): number {
    const most = Math.min(this.#inner.length, wanted.length)
    let common = 0
    while (common < most && this.#tokenIds[common] === wanted[common]) common++
    return common
  }

  async append(...[tokenIds, from, onLogits, signal]: Parameters<Sequence['append']>): Promise<void> {
    this.#tokenIds.push(...tokenIds)
    try {
      await this.#inner.append(tokenIds, from, onLogits, signal)
    } finally {
      // A cancelled append may have taken some of the tokens.
      this.#tokenIds.length = this.#inner.length
    }
  }

  truncate(length: number): boolean {
    const done = this.#inner.truncate(length)
    this.#tokenIds.length = this.#inner.length
    return done
  }

  fork(length: number): RememberingSequence | null {
    const inner = this.#inner.fork(length)
    return inner && new RememberingSequence(inner, this.#tokenIds.slice(0, length))
  }

  close(): void {
    this.#inner.close()
  }
}

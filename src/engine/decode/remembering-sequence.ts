import type { Sequence } from './sequence.ts'

/** A sequence that knows its own tokens: equal length alone does not make two texts one. */
export class RememberingSequence implements Sequence {
  readonly #inner: Sequence
  /** Also those that are still being read, beyond the inner length. */
  #tokenIds: number[]
  #reading: Promise<unknown> = Promise.resolve()

  constructor(inner: Sequence, tokenIds: readonly number[] = []) {
    this.#inner = inner
    this.#tokenIds = [...tokenIds]
  }

  get length(): number {
    return this.#inner.length
  }

  get owner(): string | undefined {
    return this.#inner.owner
  }

  set owner(owner: string | undefined) {
    this.#inner.owner = owner
  }

  get cacheBytes(): number {
    return this.#inner.cacheBytes
  }

  /** Returns with how many tokens of `wanted` it begins; those of a prompt count as soon as they are read. */
  countCommon(wanted: readonly number[]): number {
    return Math.min(this.expectCommon(wanted).common, this.#inner.length)
  }

  /** Returns with how many tokens of `wanted` it will begin once its prompt is read, and how many more that has. */
  expectCommon(wanted: readonly number[]): { common: number; more: number } {
    const different = this.#tokenIds.findIndex((tokenId, index) => tokenId !== wanted[index])
    const common = different < 0 ? this.#tokenIds.length : different
    return { common, more: this.#tokenIds.length - common }
  }

  /** Resolves when nothing is being read, whether it was read or cancelled. */
  async whenRead(): Promise<void> {
    await this.#reading
  }

  async append(...[tokenIds, from, onLogits, signal]: Parameters<Sequence['append']>): Promise<void> {
    await this.#remember(tokenIds, this.#inner.append(tokenIds, from, onLogits, signal))
  }

  readState(...[tokenIds, signal]: Parameters<Sequence['readState']>): Promise<Float32Array> {
    return this.#remember(tokenIds, this.#inner.readState(tokenIds, signal))
  }

  truncate(length: number): void {
    this.#inner.truncate(length)
    this.#tokenIds.length = this.#inner.length
  }

  fork(length: number): RememberingSequence {
    return new RememberingSequence(this.#inner.fork(length), this.#tokenIds.slice(0, length))
  }

  close(): void {
    this.#inner.close()
  }

  async #remember<value>(tokenIds: readonly number[], appending: Promise<value>): Promise<value> {
    this.#tokenIds.push(...tokenIds)
    const reading = appending.finally(() => {
      // A cancelled append may have taken some of the tokens.
      this.#tokenIds.length = this.#inner.length
    })
    this.#reading = reading.catch(() => {})
    return reading
  }
}

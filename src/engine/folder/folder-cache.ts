import type { SequenceCache } from '../decode/sequence-cache.ts'
import type { Tensor } from '../worker/runtime.ts'

/** Tensors that several caches may share: a step replaces them and changes none. */
type Shared = { planes: readonly Tensor[]; users: number }

/** What a folder's graph returned as the keys and values of one sequence, to be handed to it at the next step. */
export class FolderCache implements SequenceCache {
  #shared: Shared | null = null
  /** Tokens in the tensors: more than count where some were forgotten since. */
  #held = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Tokens in the tensors. */
  get held(): number {
    return this.#held
  }

  get planes(): readonly Tensor[] {
    return this.#shared?.planes ?? []
  }

  get bytes(): number {
    return this.planes.reduce((bytes, { size, type }) => bytes + size * (type === 'float16' ? 2 : 4), 0)
  }

  /** Takes what a step returned for the first `length` tokens. */
  replace(planes: readonly Tensor[], length: number): void {
    this.#release()
    this.#shared = { planes, users: 1 }
    this.#held = this.#length = length
  }

  truncate(length: number): void {
    this.#length = Math.min(this.#length, length)
  }

  copyFirst(length: number): this {
    const copy = new FolderCache()
    copy.#shared = this.#shared
    copy.#held = this.#held
    copy.#length = Math.min(length, this.#length)
    if (this.#shared) this.#shared.users++
    return copy as this
  }

  close(): void {
    this.#release()
    this.#held = this.#length = 0
  }

  #release(): void {
    if (this.#shared && --this.#shared.users === 0) for (const plane of this.#shared.planes) plane.dispose()
    this.#shared = null
  }
}

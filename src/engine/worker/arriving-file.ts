import type { ReadableFile } from '../gguf/readable-file.ts'

/** A stretch of a part, in bytes from its beginning. */
type Stretch = { content: Blob; from: number; to: number }

/** A file whose parts come in any order: who reads it waits for those it needs, until the signal aborts. */
export class ArrivingFile implements ReadableFile {
  readonly size: number
  readonly #signal: AbortSignal
  /** By where they begin. */
  readonly #parts = new Map<number, Blob>()
  #grown = Promise.withResolvers<void>()
  #hasEnded = false

  constructor(size: number, signal: AbortSignal) {
    this.size = size
    this.#signal = signal
    signal.addEventListener('abort', () => this.#grown.resolve(), { once: true })
  }

  /** Whether nothing is missing any more. */
  get isWhole(): boolean {
    return this.#cover(0, this.size) !== null
  }

  /** Adds what lies from `start` on. */
  add(start: number, content: Blob): void {
    this.#parts.set(start, content)
    this.#wake()
  }

  /** No more will come: who waits for more fails. */
  end(): void {
    this.#hasEnded = true
    this.#wake()
  }

  slice(from: number, to: number): { arrayBuffer(): Promise<ArrayBuffer> } {
    return { arrayBuffer: () => this.#read(from, Math.min(to, this.size)) }
  }

  async #read(from: number, to: number): Promise<ArrayBuffer> {
    for (;;) {
      this.#signal.throwIfAborted()
      const stretches = this.#cover(from, to)
      if (stretches) return join(stretches.map(cut)).arrayBuffer()
      if (this.#hasEnded) throw new Error('The rest of the file does not come.')
      await this.#grown.promise
    }
  }

  #wake(): void {
    const grown = this.#grown
    this.#grown = Promise.withResolvers()
    grown.resolve()
  }

  /** Returns where all the bytes lie; null while some are missing. */
  #cover(from: number, to: number): Stretch[] | null {
    const stretches: Stretch[] = []
    for (let at = from; at < to;) {
      const part = this.#partAt(at)
      if (!part) return null
      const [start, content] = part
      const end = Math.min(to, start + content.size)
      stretches.push({ content, from: at - start, to: end - start })
      at = end
    }
    return stretches
  }

  #partAt(at: number): [start: number, content: Blob] | undefined {
    for (const part of this.#parts) {
      const [start, { size }] = part
      if (start <= at && at < start + size) return part
    }
    return undefined
  }
}

function cut({ content, from, to }: Stretch): Blob {
  return from === 0 && to === content.size ? content : content.slice(from, to)
}

function join(blobs: Blob[]): Blob {
  const [first, ...others] = blobs
  return first && others.length === 0 ? first : new Blob(blobs)
}

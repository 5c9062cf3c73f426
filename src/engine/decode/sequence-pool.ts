import type { LanguageModel, Sequence } from './sequence.ts'

/** Sequences kept after their answers; each holds its cache. */
const mostIdle = 2

/** Keeps the sequences of the last answers, so that the next turn of a conversation reads only what is new. */
export type SequencePool = {
  /** Returns a sequence that holds nothing or a beginning of `promptIds`, never the whole. */
  borrow(promptIds: readonly number[]): Sequence
  giveBack(sequence: Sequence): void
}

/** Returns an empty pool over a model. */
export function createSequencePool(model: Pick<LanguageModel, 'openSequence'>): SequencePool {
  let idle: RememberingSequence[] = []
  return {
    borrow(promptIds) {
      const wanted = promptIds.slice(0, -1)
      const fits = (sequence: RememberingSequence) => sequence.rewindTo(wanted)
      const found = idle.find(fits)
      if (!found) return new RememberingSequence(model.openSequence())
      idle = idle.filter((each) => each !== found)
      return found
    },
    giveBack(sequence) {
      if (!(sequence instanceof RememberingSequence)) return sequence.close()
      idle = [sequence, ...idle]
      for (const dropped of idle.splice(mostIdle)) dropped.close()
    },
  }
}

/** A sequence that knows its own tokens: equal length alone does not make two texts one. */
class RememberingSequence implements Sequence {
  readonly #inner: Sequence
  #tokenIds: number[] = []

  constructor(inner: Sequence) {
    this.#inner = inner
  }

  get length(): number {
    return this.#inner.length
  }

  async append(...[tokenIds, from, onLogits, signal]: Parameters<Sequence['append']>): Promise<void> {
    const before = this.#inner.length
    try {
      await this.#inner.append(tokenIds, from, onLogits, signal)
    } finally {
      // A cancelled append may have taken some of the tokens.
      this.#tokenIds.push(...tokenIds.slice(0, this.#inner.length - before))
    }
  }

  /** Forgets what is no beginning of `wanted`; false, and nothing forgotten, where that is not worth it. */
  rewindTo(wanted: readonly number[]): boolean {
    const different = this.#tokenIds.findIndex((tokenId, index) => tokenId !== wanted[index])
    const common = different < 0 ? this.#tokenIds.length : different
    if (common < this.#tokenIds.length / 2 || !this.#inner.truncate(common)) return false
    this.#tokenIds.length = common
    return true
  }

  truncate(length: number): boolean {
    const done = this.#inner.truncate(length)
    this.#tokenIds.length = Math.min(this.#tokenIds.length, this.#inner.length)
    return done
  }

  close(): void {
    this.#inner.close()
  }
}

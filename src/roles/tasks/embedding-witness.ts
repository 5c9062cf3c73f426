import type { Hex } from '../../domain/bytes.ts'
import { isUnit } from '../../domain/embedding.ts'
import type { EmbedTerms } from '../../domain/job.ts'
import { ProtocolError } from '../../errors/index.ts'
import { createOutputChain } from '../../ledger/output-chain.ts'
import type { ModelText } from '../../ports/index.ts'
import type { Embeddings, OutputProgress, Settled } from './answer.ts'
import type { OutputFrame } from './make-output.ts'
import type { Witness } from './witness.ts'

/** A long text on a slow machine takes a while. */
const nextEmbeddingTimeoutMs = 180_000

/** Embeddings as they come in: one for each text, in their order, each as wide as the model says and of unit length. */
export class EmbeddingWitness implements Witness<Embeddings> {
  readonly completionTokens = 0
  readonly silenceMs = nextEmbeddingTimeoutMs
  readonly #vectors: Float32Array<ArrayBuffer>[] = []
  readonly #terms: EmbedTerms
  readonly #text: Promise<ModelText | null>

  constructor(terms: EmbedTerms, text: Promise<ModelText | null>) {
    this.#terms = terms
    this.#text = text
  }

  /** Some of them serve nobody who asked for all. */
  get isWorthPaying(): boolean {
    return this.#vectors.length === this.#terms.texts.length
  }

  async take(frame: OutputFrame): Promise<OutputProgress> {
    if (frame.type !== 'embedding' || this.isWorthPaying || frame.index !== this.#vectors.length) {
      throw new ProtocolError('protocol/unexpected-frame', 'The embeddings came out of order.')
    }
    const { vector } = frame
    const width = await this.#width(vector.length)
    if (vector.length !== width || !isUnit(vector)) {
      throw new ProtocolError('protocol/unexpected-frame', 'What came is no embedding of this model.', {
        details: `${vector.length} numbers, ${width} expected`,
      })
    }
    this.#vectors.push(vector)
    return { type: 'embeddings', done: this.#vectors.length, of: this.#terms.texts.length }
  }

  requireWhole(): void {
    if (this.isWorthPaying) return
    throw new ProtocolError('protocol/unexpected-frame', 'Embeddings are missing.')
  }

  outputHead(): Hex {
    return embeddingsHead(this.#terms.jobId, this.#vectors)
  }

  result(settled: Settled): Embeddings {
    return { ...settled, terms: this.#terms, vectors: this.#vectors }
  }

  /** What the model's own file says; where that is unknown here, what the first one had. */
  async #width(otherwise: number): Promise<number> {
    const text = await this.#text.catch(() => null)
    return text?.embeddingWidth ?? this.#vectors[0]?.length ?? otherwise
  }
}

/** Returns the head of the hash chain over embeddings. */
export function embeddingsHead(jobId: Hex, vectors: readonly Float32Array[]): Hex {
  const chain = createOutputChain(jobId, 1)
  for (const vector of vectors) chain.pushVector(vector)
  return chain.head()
}

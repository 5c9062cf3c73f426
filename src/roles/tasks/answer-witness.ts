import type { Hex } from '../../domain/bytes.ts'
import type { ChatTerms } from '../../domain/job.ts'
import { ProtocolError } from '../../errors/index.ts'
import { createOutputChain } from '../../ledger/output-chain.ts'
import type { Answer, OutputProgress, Settled } from './answer.ts'
import type { OutputFrame } from './make-output.ts'
import type { Witness } from './witness.ts'

/** A long prompt on a slow machine takes a while before the first token. */
const firstTokenTimeoutMs = 180_000
const nextTokenTimeoutMs = 30_000

/** An answer as it comes in. */
export class AnswerWitness implements Witness<Answer> {
  #text = ''
  readonly #tokenIds: number[] = []
  readonly #terms: ChatTerms
  readonly #chunkTokens: number
  #isOver = false
  #firstTokenMs: number | null = null
  #lastTokenMs = 0

  constructor(terms: ChatTerms, chunkTokens: number) {
    this.#terms = terms
    this.#chunkTokens = chunkTokens
  }

  get completionTokens(): number {
    return this.#tokenIds.length
  }

  /** The first token shows that the prompt was read. */
  get isWorthPaying(): boolean {
    return this.#tokenIds.length > 0
  }

  get silenceMs(): number {
    return this.#tokenIds.length === 0 ? firstTokenTimeoutMs : nextTokenTimeoutMs
  }

  take(frame: OutputFrame, nowMs: number): OutputProgress {
    if (frame.type !== 'tokens' || this.#isOver || frame.start !== this.#tokenIds.length) {
      throw new ProtocolError('protocol/unexpected-frame', 'The answer came out of order.')
    }
    if (this.#tokenIds.length + frame.tokenIds.length > this.#terms.maxTokens) {
      throw new ProtocolError('protocol/unexpected-frame', 'The answer is longer than was asked for.')
    }
    if (frame.tokenIds.length === 0) this.#endText()
    this.#firstTokenMs ??= nowMs
    if (frame.tokenIds.length > 0) this.#lastTokenMs = nowMs
    this.#tokenIds.push(...frame.tokenIds)
    this.#text += frame.text
    return { type: 'tokens', text: frame.text, tokensPerSecond: this.#tokensPerSecond }
  }

  /** An answer may end anywhere. */
  requireWhole(): void {}

  outputHead(): Hex {
    return answerHead(this.#terms.jobId, this.#tokenIds, this.#chunkTokens)
  }

  result(settled: Settled): Answer {
    const tokensPerSecond = this.#tokensPerSecond
    return { ...settled, terms: this.#terms, text: this.#text, tokenIds: this.#tokenIds, tokensPerSecond }
  }

  /** Tokens per second after the first one. */
  get #tokensPerSecond(): number {
    const seconds = (this.#lastTokenMs - (this.#firstTokenMs ?? 0)) / 1000
    return seconds > 0 ? (this.#tokenIds.length - 1) / seconds : 0
  }

  /** Text alone is what tokens before it held back: it comes once, and nothing after it. */
  #endText(): void {
    if (this.#tokenIds.length === 0) {
      throw new ProtocolError('protocol/unexpected-frame', 'Text came that no token stands for.')
    }
    this.#isOver = true
  }
}

/** Returns the head of the hash chain over an answer. */
export function answerHead(jobId: Hex, tokenIds: readonly number[], chunkTokens: number): Hex {
  const chain = createOutputChain(jobId, chunkTokens)
  chain.push(tokenIds)
  return chain.head()
}

import type { Hex } from '../domain/bytes.ts'
import { type Price, type TokenCount, chargeMicroUsd } from '../domain/price.ts'
import { ProtocolError } from '../errors/index.ts'
import type { ProviderFrame } from '../protocol/infer-messages.ts'

type TokensFrame = Extract<ProviderFrame, { type: 'tokens' }>

/** What has come in of one answer, counted by the requester itself. */
export class Witness {
  text = ''
  readonly tokenIds: number[] = []
  promptTokens = 0
  promptHash: Hex = '0x'
  readonly #price: Price
  readonly #maxTokens: number
  #isOver = false
  #firstTokenMs: number | null = null
  #lastTokenMs = 0

  constructor(price: Price, maxTokens: number) {
    this.#price = price
    this.#maxTokens = maxTokens
  }

  get tokens(): TokenCount {
    return { promptTokens: this.promptTokens, completionTokens: this.tokenIds.length }
  }

  get chargeMicroUsd(): bigint {
    return chargeMicroUsd(this.tokens, this.#price)
  }

  /** Tokens per second after the first one. */
  get tokensPerSecond(): number {
    const seconds = (this.#lastTokenMs - (this.#firstTokenMs ?? 0)) / 1000
    return seconds > 0 ? (this.tokenIds.length - 1) / seconds : 0
  }

  /** @throws ProtocolError `protocol/unexpected-frame` when tokens are missing, repeated or too many, or text has none */
  take(frame: TokensFrame, nowMs: number): void {
    if (this.#isOver || frame.start !== this.tokenIds.length) {
      throw new ProtocolError('protocol/unexpected-frame', 'The answer came out of order.')
    }
    if (this.tokenIds.length + frame.tokenIds.length > this.#maxTokens) {
      throw new ProtocolError('protocol/unexpected-frame', 'The answer is longer than was asked for.')
    }
    if (frame.tokenIds.length === 0) this.#endText()
    this.#firstTokenMs ??= nowMs
    if (frame.tokenIds.length > 0) this.#lastTokenMs = nowMs
    this.tokenIds.push(...frame.tokenIds)
    this.text += frame.text
  }

  /** Text alone is what tokens before it held back: it comes once, and nothing after it. */
  #endText(): void {
    if (this.tokenIds.length === 0) {
      throw new ProtocolError('protocol/unexpected-frame', 'Text came that no token stands for.')
    }
    this.#isOver = true
  }
}

import type { ModelId } from '../domain/model.ts'
import type { MicroUsd, TokenCount } from '../domain/price.ts'
import type { AskEvent } from '../roles/ask/ask-event.ts'
import type { Answer } from '../roles/tasks/answer.ts'
import type { Failure } from './failure.ts'

export { depositMicroUsd } from '../domain/channel.ts'
export type { Answer }

/** What happens between a prompt and its first word; `tokens` while words arrive. */
export type Stage = Exclude<AskEvent, { type: 'tokens' }> | { type: 'streaming' }

/** Money that was set aside on the way to an answer, and what of it sending it cost. */
export type Deposited = { amountMicroUsd: MicroUsd; feeMicroUsd: MicroUsd }

/** One prompt and what came of it, as kept on disk. */
export type ExchangeDocument = {
  id: string
  prompt: string
  modelId: ModelId
  modelName: string
  askedAtMs: number
  text: string
  tokens: TokenCount
  chargeMicroUsd: MicroUsd
  tokensPerSecond: number
  answer: Answer | null
  failure: Failure | null
  /** Left out by earlier versions of the page, as the next is. */
  deposited?: Deposited | null
  hasOpenDeposit?: boolean
}

/** What is known of an exchange when its prompt is sent. */
export type ExchangeStart = Pick<ExchangeDocument, 'id' | 'prompt' | 'modelId' | 'modelName' | 'askedAtMs'>

/** One prompt and its answer as it grows. */
export class Exchange {
  readonly id: string
  readonly prompt: string
  readonly modelId: ModelId
  readonly modelName: string
  readonly askedAtMs: number
  /** Null once nothing more will come. */
  stage = $state.raw<Stage | null>({ type: 'choosing' })
  text = $state('')
  tokens = $state.raw<TokenCount>({ promptTokens: 0, completionTokens: 0 })
  chargeMicroUsd = $state.raw<MicroUsd>(0n)
  tokensPerSecond = $state(0)
  answer = $state.raw<Answer | null>(null)
  failure = $state.raw<Failure | null>(null)
  /** All that the chain showed set aside for this answer and later ones; null where nothing was. */
  deposited = $state.raw<Deposited | null>(null)
  /** Whether a deposit was begun whose end nobody has told. */
  hasOpenDeposit = $state(false)

  constructor(start: ExchangeStart) {
    this.id = start.id
    this.prompt = start.prompt
    this.modelId = start.modelId
    this.modelName = start.modelName
    this.askedAtMs = start.askedAtMs
  }

  get running(): boolean {
    return this.stage !== null
  }

  /** Takes one event of the answer under way. */
  follow(event: AskEvent): void {
    if (event.type !== 'tokens') {
      this.stage = event
      this.#followDeposit(event)
      return
    }
    if (this.stage?.type !== 'streaming') this.stage = { type: 'streaming' }
    this.text += event.text
    this.tokens = event.tokens
    this.chargeMicroUsd = event.chargeMicroUsd
    this.tokensPerSecond = event.tokensPerSecond
  }

  #followDeposit(event: AskEvent): void {
    // Who answers is paid from what is there, whoever deposited it.
    if (event.type === 'accepted') this.hasOpenDeposit = false
    if (event.type !== 'funding' || event.stage === 'faucet') return
    this.hasOpenDeposit = event.stage === 'deposit'
    if (event.stage === 'deposit') return
    const { amountMicroUsd = 0n, feeMicroUsd = 0n } = this.deposited ?? {}
    this.deposited = {
      amountMicroUsd: amountMicroUsd + event.amountMicroUsd,
      feeMicroUsd: feeMicroUsd + event.feeMicroUsd,
    }
  }

  finish(answer: Answer): void {
    this.text = answer.text
    this.tokens = answer.tokens
    this.chargeMicroUsd = answer.chargeMicroUsd
    this.tokensPerSecond = answer.tokensPerSecond
    this.answer = answer
    this.failure = answer.error ? { ...answer.error, retryable: true } : null
    this.stage = null
  }

  fail(failure: Failure): void {
    this.failure = failure
    this.stage = null
  }

  toDocument(): ExchangeDocument {
    const { id, prompt, modelId, modelName, askedAtMs, text, tokens } = this
    const { chargeMicroUsd, tokensPerSecond, answer, failure, deposited, hasOpenDeposit } = this
    const asked = { id, prompt, modelId, modelName, askedAtMs }
    const paid = { chargeMicroUsd, deposited, hasOpenDeposit }
    return { ...asked, text, tokens, ...paid, tokensPerSecond, answer, failure }
  }

  /** Restores an exchange; one that was under way when the page went is shown as broken off. */
  static fromDocument(document: ExchangeDocument): Exchange {
    const exchange = new Exchange(document)
    exchange.text = document.text
    exchange.tokens = document.tokens
    exchange.chargeMicroUsd = document.chargeMicroUsd
    exchange.tokensPerSecond = document.tokensPerSecond
    exchange.answer = document.answer
    exchange.deposited = document.deposited ?? null
    exchange.hasOpenDeposit = document.hasOpenDeposit ?? false
    exchange.failure = document.failure ?? (document.answer ? null : interrupted)
    exchange.stage = null
    return exchange
  }
}

const interrupted: Failure = {
  code: 'page/reloaded',
  shortMessage: 'The page was closed while this answer was coming.',
  retryable: true,
}

import type { ChatMessage } from '../domain/job.ts'
import type { CatalogueEntry } from '../domain/model.ts'
import type { Price } from '../domain/price.ts'
import type { AskRequest } from '../roles/ask/request.ts'
import { abortable } from './abortable.ts'
import type { AskSettings } from './ask-settings.svelte.ts'
import type { Deal } from './deal.svelte.ts'
import { Exchange, type ExchangeDocument } from './exchange.svelte.ts'
import { type Failure, isCancellation, toFailure } from './failure.ts'
import type { Funding, History } from './history.svelte.ts'
import { splitSentences } from './sentences.ts'
import type { Tab } from './tab.ts'

const saveIntervalMs = 1_000

/** The chat: prompts, answers, and the one answer that may be under way. */
export class Conversation {
  #tab: Tab
  #settings: AskSettings
  #history: History
  #deal: Pick<Deal, 'priceOf' | 'renew'>
  #abort: AbortController | null = null
  #savedAtMs = 0
  exchanges = $state.raw<Exchange[]>([])
  /** What the composer holds. */
  draft = $state('')
  /** Sentences of the answer under way that are finished, for those who listen. */
  spoken = $state.raw<string[]>([])
  /** Why the conversation would not survive a reload, if so. */
  unkept = $state.raw<Failure | null>(null)

  constructor(tab: Tab, settings: AskSettings, history: History, deal: Pick<Deal, 'priceOf' | 'renew'>) {
    this.#tab = tab
    this.#settings = settings
    this.#history = history
    this.#deal = deal
  }

  get current(): Exchange | null {
    const last = this.exchanges.at(-1)
    return last?.running ? last : null
  }

  /** Sends the draft at the price that is shown, and at no higher one; does nothing while another answer is coming. */
  async send(entry: CatalogueEntry): Promise<void> {
    const prompt = this.draft.trim()
    if (prompt === '' || this.current) return
    this.draft = ''
    await this.#ask(prompt, entry, this.#deal.priceOf(entry.id))
  }

  stop(): void {
    this.#abort?.abort()
  }

  /** Asks again from this exchange on, at the price that it was told or that is shown; what stood after it is dropped. */
  async retry(exchange: Exchange, entry: CatalogueEntry): Promise<void> {
    if (this.current) return
    this.#dropFrom(exchange)
    const told = exchange.modelId === entry.id ? exchange.failure?.asks?.price : null
    await this.#ask(exchange.prompt, entry, told ?? this.#deal.priceOf(entry.id))
  }

  /** Takes a prompt back into the composer; what stood after it is dropped. */
  async edit(exchange: Exchange): Promise<void> {
    if (this.current) return
    this.#dropFrom(exchange)
    this.draft = exchange.prompt
    await this.#save()
  }

  async clear(): Promise<void> {
    this.stop()
    this.exchanges = []
    await this.#save()
  }

  async restore(): Promise<void> {
    const kept = (await this.#tab.documents.get('conversations', await this.#key())) as
      ExchangeDocument[] | undefined
    if (kept && this.exchanges.length === 0) this.exchanges = kept.map(Exchange.fromDocument)
  }

  /** Every open tab of a browser has a conversation of its own. */
  async #key(): Promise<string> {
    return String(await this.#tab.place())
  }

  #dropFrom(exchange: Exchange): void {
    this.exchanges = this.exchanges.slice(0, this.exchanges.indexOf(exchange))
  }

  async #ask(prompt: string, entry: CatalogueEntry, seen: Price | null): Promise<void> {
    const messages = [...toMessages(this.exchanges), { role: 'user' as const, content: prompt }]
    const start = { id: crypto.randomUUID(), prompt, modelId: entry.id, modelName: entry.manifest.name }
    const exchange = new Exchange({ ...start, askedAtMs: Date.now() })
    this.exchanges = [...this.exchanges, exchange]
    this.spoken = []
    const abort = new AbortController()
    this.#abort = abort
    await this.#save()
    try {
      await this.#follow(exchange, this.#request(exchange, messages, seen), abort.signal)
    } catch (error) {
      exchange.fail(isCancellation(error) ? cancelled : toFailure(error))
      if (exchange.failure?.asks) await this.#deal.renew()
    }
    this.#speak(exchange, `${exchange.text}\n`)
    await this.#save()
    if (exchange.answer) await this.#history.addAnswer(exchange.modelName, exchange.answer)
  }

  async #follow(exchange: Exchange, request: AskRequest, signal: AbortSignal): Promise<void> {
    const requester = await abortable(this.#tab.requester(), signal)
    const events = requester.ask(request, signal)
    let given: Funding | null = null
    while (true) {
      const step = await events.next()
      // Test money is told before it is given: what comes next says that it was.
      if (given) await this.#history.addFunding(given)
      if (step.done) return exchange.finish(step.value)
      exchange.follow(step.value)
      const { value } = step
      given = value.type === 'funding' && value.stage === 'faucet' ? value : null
      if (value.type === 'funding' && value.stage === 'deposited') await this.#history.addFunding(value)
      if (step.value.type === 'tokens') this.#speak(exchange, exchange.text)
      await this.#saveNowAndThen()
    }
  }

  #request({ modelId }: Exchange, messages: ChatMessage[], seen: Price | null): AskRequest {
    const { sampler, seedBits, tokenLimit } = this.#settings
    const atMost = seen ?? nothing
    const request = { modelId, messages, sampler, maxTokens: tokenLimit, stop: [], atMost }
    return seedBits ? { ...request, seed: seedBits } : request
  }

  /** Adds the sentences that have finished since the last call; an answer that was cleared away is silent. */
  #speak(exchange: Exchange, text: string): void {
    if (this.exchanges.at(-1) !== exchange) return
    const told = this.spoken.reduce((length, sentence) => length + sentence.length, 0)
    const { finished } = splitSentences(text.slice(told))
    if (finished !== '') this.spoken = [...this.spoken, finished]
  }

  async #saveNowAndThen(): Promise<void> {
    if (Date.now() - this.#savedAtMs > saveIntervalMs) await this.#save()
  }

  async #save(): Promise<void> {
    this.#savedAtMs = Date.now()
    const documents = this.exchanges.map((exchange) => exchange.toDocument())
    try {
      await this.#tab.documents.put('conversations', await this.#key(), documents)
      this.unkept = null
    } catch (error) {
      this.unkept = toFailure(error)
    }
  }
}

/** Where no price was shown, none was agreed to. */
const nothing: Price = { promptMicroUsdPerMillion: 0n, completionMicroUsdPerMillion: 0n }

const cancelled = {
  code: 'market/cancelled',
  shortMessage: 'You stopped before the answer began.',
  retryable: true,
} as const

/** The conversation so far, as the next tab needs it: prompts that got some answer. */
function toMessages(exchanges: Exchange[]): ChatMessage[] {
  return exchanges
    .filter((exchange) => exchange.text !== '')
    .flatMap((exchange) => [
      { role: 'user' as const, content: exchange.prompt },
      { role: 'assistant' as const, content: exchange.text },
    ])
}

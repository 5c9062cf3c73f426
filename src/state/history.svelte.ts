import type { Hex } from '../domain/bytes.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { AskEvent } from '../roles/ask/ask-event.ts'
import type { Answer } from '../roles/tasks/answer.ts'
import type { Movement } from './movement.ts'
import { type ReceiptRow, askedRow } from './receipt-row.ts'
import type { Tab } from './tab.ts'

/** As kept on disk, newest last by key. */
type HistoryDocument =
  | (Omit<Movement, 'key' | 'feeMicroUsd' | 'channelId'> & { feeMicroUsd?: MicroUsd; channelId?: Hex | null })
  | { kind: 'answer'; atMs: number; amountMicroUsd: MicroUsd; modelName: string; answer: Answer }

/** Money that an answer needs before it begins. */
export type Funding = Extract<AskEvent, { type: 'funding' }>

/** What is written down of money that moved. */
type Moved = Pick<Movement, 'amountMicroUsd'> &
  Partial<Pick<Movement, 'feeMicroUsd' | 'transaction' | 'channelId'>>

const collection = 'history'
/** Documents that are read at a time, newest first. */
const readAtOnce = 200
/** Enough for keys to sort by time. */
const timeDigits = 15

/** What was asked, paid and moved in this browser. An answer's text stays on disk until somebody opens it. */
export class History {
  #tab: Tab
  #known = new Set<string>()
  #moved = Promise.withResolvers<void>()
  /** Answers that were asked here, in no order. */
  asked = $state.raw<ReceiptRow[]>([])
  /** Movements of money, in no order. */
  movements = $state.raw<Movement[]>([])

  constructor(tab: Tab) {
    this.#tab = tab
  }

  /** Resolves once money moves in this tab the next time. */
  get moved(): Promise<void> {
    return this.#moved.promise
  }

  /** What relays took for sending all that. */
  get feesMicroUsd(): MicroUsd {
    return this.movements.reduce((sum, { feeMicroUsd }) => sum + feeMicroUsd, 0n)
  }

  /** Reads what is kept and not known yet, by this tab or another of this browser. */
  async restore(): Promise<void> {
    const { documents } = this.#tab
    const keys = (await documents.keys(collection)).filter((key) => !this.#known.has(key)).reverse()
    for (let from = 0; from < keys.length; from += readAtOnce) {
      const some = keys.slice(from, from + readAtOnce)
      const kept = await Promise.all(some.map((key) => documents.get(collection, key)))
      this.#take(some.map((key, at): [string, HistoryDocument] => [key, kept[at] as HistoryDocument]))
    }
  }

  /** Returns the row of an answer that was asked here, or null where it is not known. */
  rowOf({ terms: { jobId } }: Pick<Answer, 'terms'>): ReceiptRow | null {
    return this.asked.find((row) => row.jobId === jobId) ?? null
  }

  /** Reads one answer whole. */
  async answer(key: string): Promise<Answer | null> {
    const kept = (await this.#tab.documents.get(collection, key)) as HistoryDocument | undefined
    return kept?.kind === 'answer' ? kept.answer : null
  }

  async addAnswer(modelName: string, answer: Answer): Promise<void> {
    const { chargeMicroUsd: amountMicroUsd } = answer
    await this.#add({ kind: 'answer', modelName, answer, atMs: Date.now(), amountMicroUsd })
  }

  /** Writes down what was done before an answer: test money taken, or some set aside. */
  async addFunding(step: Funding): Promise<void> {
    if (step.stage === 'deposited') await this.addMovement('deposit', step)
    if (step.stage === 'faucet') await this.addMovement('test-funds', step)
  }

  async addMovement(
    kind: Movement['kind'],
    { amountMicroUsd, feeMicroUsd = 0n, transaction = null, channelId = null }: Moved,
  ): Promise<void> {
    await this.#add({ kind, atMs: Date.now(), amountMicroUsd, feeMicroUsd, transaction, channelId })
  }

  /** Each entry is a document of its own, so that two tabs never overwrite each other's receipts. */
  async #add(document: HistoryDocument): Promise<void> {
    const key = `${String(document.atMs).padStart(timeDigits, '0')}-${crypto.randomUUID()}`
    this.#take([[key, document]])
    this.#moved.resolve()
    this.#moved = Promise.withResolvers()
    // A history that cannot be kept is no reason to lose an answer: the ledger itself is elsewhere.
    await this.#tab.documents.put(collection, key, document).catch(() => {})
  }

  #take(entries: [key: string, document: HistoryDocument][]): void {
    const asked: ReceiptRow[] = []
    const movements: Movement[] = []
    for (const [key, document] of entries) {
      if (this.#known.has(key)) continue
      this.#known.add(key)
      if (document.kind === 'answer') {
        asked.push(askedRow(key, document.atMs, document.modelName, document.answer))
      } else movements.push({ key, feeMicroUsd: 0n, channelId: null, ...document })
    }
    if (asked.length > 0) this.asked = [...this.asked, ...asked]
    if (movements.length > 0) this.movements = [...this.movements, ...movements]
  }
}

import type { MicroUsd } from '../domain/price.ts'
import type { Answer } from '../roles/answer.ts'
import type { Tab } from './tab.ts'

/** One movement of money, newest last. */
export type HistoryEntry = {
  atMs: number
  amountMicroUsd: MicroUsd
} & ({ kind: 'answer'; modelName: string; answer: Answer } | { kind: 'test-funds' | 'deposit' | 'claim' })

const keptEntries = 200

/** What was spent, added and claimed in this browser, receipts included. */
export class History {
  #tab: Tab
  entries = $state.raw<HistoryEntry[]>([])

  constructor(tab: Tab) {
    this.#tab = tab
  }

  async restore(): Promise<void> {
    const kept = (await this.#tab.documents.get('history', 'entries')) as HistoryEntry[] | undefined
    if (kept) this.entries = [...kept, ...this.entries]
  }

  async addAnswer(modelName: string, answer: Answer): Promise<void> {
    await this.#add({
      kind: 'answer',
      modelName,
      answer,
      atMs: Date.now(),
      amountMicroUsd: answer.chargeMicroUsd,
    })
  }

  async addFunding(stage: 'faucet' | 'deposit', amountMicroUsd: MicroUsd): Promise<void> {
    await this.#add({ kind: stage === 'faucet' ? 'test-funds' : 'deposit', atMs: Date.now(), amountMicroUsd })
  }

  async addClaim(amountMicroUsd: MicroUsd): Promise<void> {
    await this.#add({ kind: 'claim', atMs: Date.now(), amountMicroUsd })
  }

  async #add(entry: HistoryEntry): Promise<void> {
    this.entries = [...this.entries, entry].slice(-keptEntries)
    // A history that cannot be kept is no reason to lose an answer: the ledger itself is elsewhere.
    await this.#tab.documents.put('history', 'entries', this.entries).catch(() => {})
  }
}

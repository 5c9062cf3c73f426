import type { MicroUsd } from '../domain/price.ts'
import type { Answer } from '../roles/answer.ts'
import type { Tab } from './tab.ts'

/** One movement of money, newest last. */
export type HistoryEntry = {
  atMs: number
  amountMicroUsd: MicroUsd
} & (
  | { kind: 'answer'; modelName: string; answer: Answer }
  | { kind: 'test-funds' | 'deposit' | 'claim' | 'withdrawal' }
)

const collection = 'history'
/** Entries of earlier visits that are read back. */
const shownEntries = 500
/** Enough for keys to sort by time. */
const timeDigits = 15

/** What was spent, added and claimed in this browser, receipts included. */
export class History {
  #tab: Tab
  entries = $state.raw<HistoryEntry[]>([])

  constructor(tab: Tab) {
    this.#tab = tab
  }

  async restore(): Promise<void> {
    const { documents } = this.#tab
    const keys = (await documents.keys(collection)).slice(-shownEntries)
    const kept = await Promise.all(keys.map((key) => documents.get(collection, key)))
    this.entries = [...(kept as HistoryEntry[]), ...this.entries]
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

  async addWithdrawal(amountMicroUsd: MicroUsd): Promise<void> {
    await this.#add({ kind: 'withdrawal', atMs: Date.now(), amountMicroUsd })
  }

  /** Each entry is a document of its own, so that two tabs never overwrite each other's receipts. */
  async #add(entry: HistoryEntry): Promise<void> {
    this.entries = [...this.entries, entry]
    const key = `${String(entry.atMs).padStart(timeDigits, '0')}-${crypto.randomUUID()}`
    // A history that cannot be kept is no reason to lose an answer: the ledger itself is elsewhere.
    await this.#tab.documents.put(collection, key, entry).catch(() => {})
  }
}

import type { MicroUsd } from '../domain/price.ts'
import type { ClaimRecord, ServedJob } from '../roles/provide/served-jobs.ts'
import type { Answer } from '../roles/tasks/answer.ts'
import type { PaymentTrail } from '../roles/wallet/trace-payment.ts'
import { toFailure, type Failure } from './failure.ts'
import type { History } from './history.svelte.ts'
import { OthersClaims } from './others-claims.svelte.ts'
import { type DepositMade, type ReceiptRow, answeredRow, claimOf, depositOf } from './receipt-row.ts'
import type { Tab } from './tab.ts'

export type { ClaimRecord, DepositMade, PaymentTrail, ReceiptRow }

/** Which receipts are looked at. */
export type ReceiptFilter = 'all' | ReceiptRow['side']

/** Receipts are for exporting too, so none is left out. */
const everything = Number.MAX_SAFE_INTEGER

/** Rows on one page of the table. */
export const rowsPerPage = 10

/** Receipts of both kinds, newest first: what was asked here, and what was answered. */
export class Receipts {
  #tab: Tab
  #history: History
  #others: OthersClaims
  #isRead = false
  #served = $state.raw<ServedJob[]>([])
  /** Claims of this browser's own that reached the chain. */
  claims = $state.raw<ClaimRecord[]>([])
  filter = $state<ReceiptFilter>('all')
  /** From 0, the newest. */
  page = $state(0)
  /** Why the receipts could not be read. */
  failure = $state.raw<Failure | null>(null)

  answered = $derived(this.#served.map(answeredRow))
  rows = $derived.by(() => [...this.#history.asked, ...this.answered].toSorted((a, b) => b.atMs - a.atMs))
  filtered = $derived(
    this.filter === 'all' ? this.rows : this.rows.filter(({ side }) => side === this.filter),
  )
  pages = $derived(Math.max(1, Math.ceil(this.filtered.length / rowsPerPage)))
  shown = $derived(this.filtered.slice(this.page * rowsPerPage, (this.page + 1) * rowsPerPage))

  /** What relays took for sending claims, deposits and all else; their share of each answer aside. */
  get feesMicroUsd(): MicroUsd {
    return this.claims.reduce((sum, { feeMicroUsd }) => sum + feeMicroUsd, this.#history.feesMicroUsd)
  }

  constructor(tab: Tab, history: History) {
    this.#tab = tab
    this.#history = history
    this.#others = new OthersClaims(tab)
  }

  /** Reads what was asked, answered and claimed; what is known already stays while it is read. */
  async load(): Promise<void> {
    try {
      const [served] = await Promise.all([this.#tab.served(), this.#history.restore()])
      const [jobs, claims] = await Promise.all([served.jobs(everything), served.claims(everything)])
      this.#served = jobs
      this.claims = claims
      this.#isRead = true
      this.failure = null
    } catch (error) {
      this.failure = toFailure(error)
    }
    await this.#others.lookUp(this.#history.asked)
  }

  /** Reads again where something was claimed since: the page claims by itself too, in other tabs as well. Never throws. */
  async follow(): Promise<void> {
    if (!this.#isRead) return
    const [newest] = await this.#tab
      .served()
      .then((served) => served.claims(1))
      .catch(() => [])
    if (newest && newest.transaction !== this.claims[0]?.transaction) await this.load()
  }

  show(filter: ReceiptFilter): void {
    this.filter = filter
    this.page = 0
  }

  turn(pages: number): void {
    this.page = Math.min(Math.max(this.page + pages, 0), this.pages - 1)
  }

  /** The claim that collected an answer's pay; null where there is none, or the chain tells of none. */
  claimOf(row: ReceiptRow): ClaimRecord | null {
    return claimOf(row, row.side === 'asked' ? this.#others.claims : this.claims)
  }

  /** The deposit that an answer was paid from; null for one that was given here, and where it is not known. */
  depositOf(row: ReceiptRow): DepositMade | null {
    return depositOf(row, this.#history.movements)
  }

  /** Reads the whole answer of a row that was asked here. */
  answer(row: ReceiptRow): Promise<Answer | null> {
    return this.#history.answer(row.key)
  }

  /** Checks a row's signature, and finds the voucher that pays it and how far its channel is claimed. */
  trace({ side, channelId, receipt }: ReceiptRow): Promise<PaymentTrail> {
    return this.#tab.trace({ side: side === 'asked' ? 'payer' : 'receiver', channelId, receipt })
  }
}

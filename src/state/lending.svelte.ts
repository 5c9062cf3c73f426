import type { Lender, LendingStatus } from '../roles/pieces/lend.ts'
import type { Tab } from './tab.ts'

type LendingDocument = { isOn: boolean; limitMegabytes: number | null }

const off: LendingStatus = { isLending: false, tabs: 0, isPaused: false, sentBytes: 0, receivedBytes: 0 }
const defaultMegabytes = 2
const leastMegabytes = 0.05

/** Lending the bytes of models to other tabs: whether, how fast, and how much it was. */
export class Lending {
  #tab: Tab
  #lender: Lender | null = null
  /** Whether this visit has lent, or an earlier one did and nobody switched it off. */
  #isDue = false
  isOn = $state(true)
  /** Most megabytes a second to all tabs together. */
  limitMegabytes = $state<number | null>(defaultMegabytes)
  status = $state.raw<LendingStatus>(off)

  constructor(tab: Tab) {
    this.#tab = tab
  }

  /** Goes on lending where an earlier visit lent. */
  async restore(): Promise<void> {
    const kept = (await this.#tab.documents.get('settings', 'lending')) as LendingDocument | undefined
    if (!kept) return
    Object.assign(this, kept)
    if (kept.isOn) await this.begin()
  }

  /** The tab has begun to share: its models may be lent from now on, unless that is switched off. */
  async begin(): Promise<void> {
    this.#isDue = true
    await this.save()
  }

  /** Keeps what was chosen; it holds at once. */
  async save(): Promise<void> {
    if (this.isOn && this.#isDue) await this.#start()
    if (!this.isOn) this.#lender?.stop()
    const kept: LendingDocument = { isOn: this.isOn, limitMegabytes: this.limitMegabytes }
    if (this.#isDue || !this.isOn) await this.#tab.documents.put('settings', 'lending', kept)
  }

  async #start(): Promise<void> {
    const lender = await this.#tab.lender()
    if (!this.#lender) lender.watch((status) => (this.status = status))
    this.#lender = lender
    if (this.isOn) lender.start(Math.max(this.limitMegabytes ?? defaultMegabytes, leastMegabytes) * 1e6)
  }
}

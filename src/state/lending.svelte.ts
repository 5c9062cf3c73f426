import type { Lender, LendingStatus } from '../roles/pieces/lend.ts'
import type { Tab } from './tab.ts'

type LendingDocument = { isOn: boolean; limitMegabytes: number | null; hasShared: boolean }

const off: LendingStatus = { isLending: false, tabs: 0, isPaused: false, sentBytes: 0, receivedBytes: 0 }
const defaultMegabytes = 2
const leastMegabytes = 0.05

/** Lending the bytes of models to other tabs: whether, how fast, and how much it was. */
export class Lending {
  #tab: Tab
  #lender: Lender | null = null
  /** Whether this browser has ever shared: before that it lends nothing. */
  #hasShared = false
  #restoring: Promise<void> = Promise.resolve()
  isOn = $state(true)
  /** Most megabytes a second to all tabs together. */
  limitMegabytes = $state<number | null>(defaultMegabytes)
  status = $state.raw<LendingStatus>(off)

  constructor(tab: Tab) {
    this.#tab = tab
  }

  /** Goes on lending where an earlier visit lent. */
  restore(): Promise<void> {
    this.#restoring = this.#restore()
    return this.#restoring
  }

  async #restore(): Promise<void> {
    const kept = (await this.#tab.documents.get('settings', 'lending')) as LendingDocument | undefined
    if (!kept) return
    this.isOn = kept.isOn
    this.limitMegabytes = kept.limitMegabytes
    this.#hasShared = kept.hasShared
    await this.#apply()
  }

  /** The tab has begun to share: its models may be lent from now on, unless that is switched off. */
  async begin(): Promise<void> {
    // What was chosen at an earlier visit counts.
    await this.#restoring.catch(() => {})
    this.#hasShared = true
    await this.save()
  }

  /** Keeps what was chosen; it holds at once. */
  async save(): Promise<void> {
    const { isOn, limitMegabytes } = this
    const kept: LendingDocument = { isOn, limitMegabytes, hasShared: this.#hasShared }
    await this.#tab.documents.put('settings', 'lending', kept)
    await this.#apply()
  }

  async #apply(): Promise<void> {
    if (!this.isOn) return this.#lender?.stop()
    if (!this.#hasShared) return
    const lender = await this.#tab.lender()
    if (!this.#lender) lender.watch((status) => (this.status = status))
    this.#lender = lender
    if (this.isOn) lender.start(Math.max(this.limitMegabytes ?? defaultMegabytes, leastMegabytes) * 1e6)
  }
}

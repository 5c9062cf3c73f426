import { type Address, sameAddress } from '../domain/bytes.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { PaidOut, PayOutQuote } from '../roles/wallet/pay-out.ts'
import { toFailure, type Failure } from './failure.ts'
import type { History } from './history.svelte.ts'
import { parseUsd } from './parse-usd.ts'
import type { Tab } from './tab.ts'
import type { Wallet } from './wallet.svelte.ts'

/** Where a payment out of the wallet is, from being written to being on the chain. */
export type SendingStep = 'writing' | 'reading-over' | 'sending' | 'sent'

/** Why what is written cannot be sent as it is. */
export type SendingFault = 'no-address' | 'own-address' | 'no-amount' | 'too-much'

const addressForm = /^0x[0-9a-fA-F]{40}$/

/** One payment out of the wallet: written, read over once more, sent. */
export class Sending {
  #tab: Tab
  #wallet: Wallet
  #history: History
  step = $state<SendingStep>('writing')
  /** As typed. */
  to = $state('')
  amount = $state('')
  quote = $state.raw<PayOutQuote | null>(null)
  paid = $state.raw<PaidOut | null>(null)
  /** What was sent before without anybody saying so, and has arrived since. */
  arrived = $state.raw<PaidOut[]>([])
  failure = $state.raw<Failure | null>(null)

  constructor(tab: Tab, wallet: Wallet, history: History) {
    this.#tab = tab
    this.#wallet = wallet
    this.#history = history
  }

  get address(): string {
    return this.to.trim()
  }

  get amountMicroUsd(): MicroUsd | null {
    return parseUsd(this.amount)
  }

  get fault(): SendingFault | null {
    const { address, amountMicroUsd, quote } = this
    if (!addressForm.test(address)) return 'no-address'
    if (this.#wallet.address && sameAddress(address as Address, this.#wallet.address)) {
      return 'own-address'
    }
    if (!amountMicroUsd) return 'no-amount'
    return quote && amountMicroUsd > quote.mostMicroUsd ? 'too-much' : null
  }

  /** Asks what sending costs now. */
  async ask(): Promise<void> {
    this.failure = null
    try {
      const payOut = await this.#tab.payOut()
      await this.#note(await payOut.arrived())
      this.quote = await payOut.quote()
    } catch (error) {
      this.failure = toFailure(error)
    }
  }

  async #note(paid: PaidOut[]): Promise<void> {
    this.arrived = [...this.arrived, ...paid]
    for (const one of paid) await this.#history.addMovement('sent', one)
  }

  readOver(): void {
    if (this.fault === null && this.quote) this.step = 'reading-over'
  }

  writeAgain(): void {
    this.failure = null
    this.step = 'writing'
  }

  async send(): Promise<void> {
    const { address, amountMicroUsd, quote } = this
    if (this.step !== 'reading-over' || !amountMicroUsd || !quote) return
    this.step = 'sending'
    this.failure = null
    try {
      this.paid = await (await this.#tab.payOut()).send(address, amountMicroUsd, quote)
      this.step = 'sent'
      await this.#history.addMovement('sent', this.paid)
    } catch (error) {
      const known = this.arrived.length
      await this.ask()
      // It may have arrived while nobody answered.
      this.paid =
        this.arrived
          .slice(known)
          .find((one) => sameAddress(one.to, address as Address) && one.amountMicroUsd === amountMicroUsd) ??
        null
      this.failure = this.paid ? null : toFailure(error)
      this.step = this.paid ? 'sent' : 'reading-over'
    }
    await this.#wallet.refresh()
  }
}

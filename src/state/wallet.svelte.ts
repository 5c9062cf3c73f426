import type { Address, Hex } from '../domain/bytes.ts'
import type { MicroUsd } from '../domain/price.ts'
import { keepClaimRule, readClaimRule } from '../roles/wallet/claim-rule.ts'
import type { WalletOverview } from '../roles/wallet/settle.ts'
import type { SetAside, TakenBack } from '../roles/wallet/withdraw.ts'
import { toFailure, type Failure } from './failure.ts'
import type { History } from './history.svelte.ts'
import type { Tab } from './tab.ts'

export type { SetAside, WalletOverview }

type Action = 'claiming' | 'funding' | 'withdrawing'

const refreshMs = 5_000

/** How much test money one press of the button gives. */
export const testFundsMicroUsd: MicroUsd = 10_000_000n

/** What this tab has, may claim, and has locked; read from the chain, and again until it can be read. */
export class Wallet {
  #tab: Tab
  #history: History
  address = $state.raw<Address | null>(null)
  overview = $state.raw<WalletOverview | null>(null)
  /** What relays ask for a claim now: null where this account pays its own gas, undefined while nobody knows. */
  claimFeeMicroUsd = $state.raw<MicroUsd | null | undefined>(undefined)
  /** What waits in channels for answers to come, or is on its way back. */
  setAside = $state.raw<SetAside[]>([])
  /** Why the chain could not be read the last time. */
  failure = $state.raw<Failure | null>(null)
  busy = $state<Action | null>(null)
  /** Why the last press of a button came to nothing. */
  actionFailure = $state.raw<Failure | null>(null)
  claimedNow = $state.raw<MicroUsd | null>(null)
  returnedNow = $state.raw<MicroUsd | null>(null)
  /** Whether earnings are claimed without being asked, once they are well worth the fee. */
  claimsByItself = $state(true)

  constructor(tab: Tab, history: History) {
    this.#tab = tab
    this.#history = history
  }

  /** What answers can be paid with: the money of the account that pays. Null until it was read. */
  get spendableMicroUsd(): MicroUsd | null {
    return this.overview && (this.overview.payerMicroUsd ?? this.overview.balanceMicroUsd)
  }

  get setAsideMicroUsd(): MicroUsd {
    return this.setAside.reduce((sum, { amountMicroUsd }) => sum + amountMicroUsd, 0n)
  }

  /** Brings back what was chosen. */
  async restore(): Promise<void> {
    this.claimsByItself = await readClaimRule(this.#tab.documents)
  }

  saveClaimRule(): Promise<void> {
    return keepClaimRule(this.#tab.documents, this.claimsByItself)
  }

  /** Reads the wallet now, whenever money moved, and every few seconds while the page is looked at. */
  async watch(): Promise<never> {
    while (true) {
      const { moved } = this.#history
      if (!document.hidden) await this.refresh()
      await Promise.race([moved, new Promise((resolve) => setTimeout(resolve, refreshMs))])
    }
  }

  async refresh(): Promise<void> {
    try {
      this.address = await this.#tab.account()
      const [settlement, withdrawals] = await Promise.all([this.#tab.settlement(), this.#tab.withdrawals()])
      const [overview, setAside] = await Promise.all([settlement.overview(), withdrawals.list()])
      this.overview = overview
      this.setAside = setAside
      this.failure = null
      if (overview.claimableMicroUsd > 0n) {
        this.claimFeeMicroUsd = await settlement.claimFee().catch(() => undefined)
      }
    } catch (error) {
      this.failure = toFailure(error)
    }
  }

  async claim(): Promise<void> {
    await this.#act('claiming', async () => {
      const settlement = await this.#tab.settlement()
      const result = await settlement.claim()
      this.claimedNow = result.settledMicroUsd
    })
  }

  /** Takes back what waits unspent in a channel: at once through its relay, or by announcing it. */
  async takeBack(channelId: Hex): Promise<void> {
    await this.#act('withdrawing', async () => {
      const withdrawals = await this.#tab.withdrawals()
      await this.#note(await withdrawals.takeBack(channelId))
    })
  }

  /** Fetches what was announced, once it is ready. */
  async finish(channelId: Hex): Promise<void> {
    await this.#act('withdrawing', async () => {
      const withdrawals = await this.#tab.withdrawals()
      await this.#note(await withdrawals.finish(channelId))
    })
  }

  async addTestFunds(): Promise<void> {
    await this.#act('funding', async () => {
      await this.#tab.addTestFunds(testFundsMicroUsd)
      await this.#history.addMovement('test-funds', { amountMicroUsd: testFundsMicroUsd })
    })
  }

  /** Writes down what came back, if it did already. */
  async #note(returned: TakenBack | null): Promise<void> {
    this.returnedNow = returned?.amountMicroUsd ?? null
    if (returned !== null) await this.#history.addMovement('withdrawal', returned)
  }

  async #act(busy: Action, action: () => Promise<void>): Promise<void> {
    if (this.busy) return
    this.busy = busy
    this.actionFailure = null
    this.claimedNow = null
    this.returnedNow = null
    try {
      await action()
    } catch (error) {
      this.actionFailure = toFailure(error)
    }
    await this.refresh()
    this.busy = null
  }
}

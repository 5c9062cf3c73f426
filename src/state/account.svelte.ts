import type { NewProtection, Protection } from '../domain/account.ts'
import type { Address } from '../domain/bytes.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Accounts, AccountsView, Restorable } from '../ports/accounts.ts'
import { type Failure, toFailure } from './failure.ts'
import type { Tab } from './tab.ts'

export { minPassphraseCharacters } from '../domain/account.ts'
export type { AccountsView, Protection }

const retryMs = 5_000

/** What the page does around an account: whether something must not be interrupted, and how it starts afresh. */
export type AccountSurroundings = { isBusy: () => boolean; reload: () => void }

/** Which account this page uses, how it is protected, and what else could be used. */
export class Account {
  #tab: Tab
  #surroundings: AccountSurroundings
  view = $state.raw<AccountsView | null>(null)
  /** Whether something asked for is under way. */
  busy = $state(false)
  /** Why the last wish came to nothing. */
  failure = $state.raw<Failure | null>(null)
  /** Whether the account is being unlocked, which other wishes may wait for. */
  unlocking = $state(false)
  unlockFailure = $state.raw<Failure | null>(null)
  /** The encrypted account file that was just made. */
  backup = $state.raw<string | null>(null)

  constructor(tab: Tab, surroundings: AccountSurroundings) {
    this.#tab = tab
    this.#surroundings = surroundings
  }

  /** Whether answers are being made or paid for, so that the account must stay. */
  get mustStay(): boolean {
    return this.#surroundings.isBusy()
  }

  /** Reads the accounts as soon as they can be read, and after every change. */
  async watch(): Promise<void> {
    const accounts = await this.#opened()
    const read = () => void this.#read(accounts)
    accounts.watch(read)
    read()
  }

  /** Returns an account's money, or null while the chain does not answer. */
  async balanceOf(address: Address): Promise<MicroUsd | null> {
    return this.#tab.balanceOf(address).catch(() => null)
  }

  /** Forgets what an earlier dialog left. */
  begin(): void {
    this.failure = null
    this.backup = null
  }

  async unlock(passphrase?: string): Promise<boolean> {
    this.unlocking = true
    this.unlockFailure = null
    try {
      await (await this.#tab.accounts()).unlock(passphrase)
      return true
    } catch (error) {
      this.unlockFailure = toFailure(error)
      return false
    } finally {
      this.unlocking = false
    }
  }

  /** Leaves the account locked; what waited for it fails. */
  async decline(): Promise<void> {
    this.unlockFailure = null
    const accounts = await this.#tab.accounts()
    accounts.decline()
  }

  lock(): Promise<boolean> {
    return this.#act((accounts) => accounts.lock())
  }

  protect(protection: NewProtection): Promise<boolean> {
    return this.#act((accounts) => accounts.protect(protection))
  }

  backUp(passphrase: string): Promise<boolean> {
    return this.#act(async (accounts) => void (this.backup = await accounts.backUp(passphrase)))
  }

  /** The person took the backup with them. */
  noteBackup(): Promise<boolean> {
    return this.#act((accounts) => accounts.noteBackup())
  }

  /** Each of the following starts the page afresh: all that was loaded belongs to the account before. */
  restore(from: Restorable): Promise<boolean> {
    return this.#switch((accounts) => accounts.restore(from))
  }

  use(address: Address): Promise<boolean> {
    return this.#switch((accounts) => accounts.use(address))
  }

  connect(walletId: string): Promise<boolean> {
    return this.#switch((accounts) => accounts.connect(walletId))
  }

  /** Without a connection the page may not know its network yet: it tries until it does. */
  async #opened(): Promise<Accounts> {
    while (true) {
      const accounts = await this.#tab.accounts().catch(() => null)
      if (accounts) return accounts
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }

  async #read(accounts: Accounts): Promise<void> {
    try {
      this.view = await accounts.view()
    } catch (error) {
      this.failure = toFailure(error)
    }
  }

  async #switch(change: (accounts: Accounts) => Promise<unknown>): Promise<boolean> {
    if (this.mustStay) return false
    const done = await this.#act(change)
    if (done) this.#surroundings.reload()
    return done
  }

  async #act(action: (accounts: Accounts) => Promise<unknown>): Promise<boolean> {
    this.busy = true
    this.failure = null
    try {
      await action(await this.#tab.accounts())
      return true
    } catch (error) {
      this.failure = toFailure(error)
      return false
    } finally {
      this.busy = false
    }
  }
}

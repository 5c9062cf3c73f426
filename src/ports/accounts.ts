import type { InjectedWallet, LocalAccount, NewProtection, WalletAccount } from '../domain/account.ts'
import type { Address } from '../domain/bytes.ts'
import type { Signer } from './signer.ts'

/** Which accounts there are and which one pays. */
export type AccountsView = {
  /** The account whose key is kept here: it earns, and pays unless a wallet does. */
  local: LocalAccount
  /** The wallet that pays in its place, if one was chosen. */
  wallet: WalletAccount | null
  /** Every account kept here, the one in use first. */
  kept: LocalAccount[]
  /** Wallets that could be used. */
  wallets: InjectedWallet[]
  /** The account that something waits for to be unlocked. */
  wanted: LocalAccount | null
  /** Whether another tab has chosen other accounts, which this one takes up when it is opened anew. */
  isChangedElsewhere: boolean
}

/** Where a key comes back from. */
export type Restorable = { backup: string; passphrase: string } | { privateKey: string }

/** The accounts of this browser, and the wallets beside it. Errors are `AccountError`, `ChainError` and `StorageError`. */
export interface Accounts {
  view(): Promise<AccountsView>
  /** Calls back after every change, those that a wallet makes included. */
  watch(onChange: () => void): () => void
  /**
   * Signs deposits and withdrawals. Where it is locked, signing waits for `unlock` or `decline`.
   * @throws ChainError `chain/not-local` for a well-known development account on a public chain, here and below
   */
  payer(): Promise<Signer>
  /** Signs what is earned with: offers, receipts, claims. Its key is always kept here. */
  earner(): Promise<Signer>
  /**
   * Opens the account in use for this tab.
   * @throws AccountError `account/wrong-passphrase`, `account/passkey-declined`
   */
  unlock(passphrase?: string): Promise<void>
  /** Says no to everything that waits for `unlock`. */
  decline(): void
  /** Forgets the key of the account in use until the next `unlock`; does nothing where nothing protects it. */
  lock(): Promise<void>
  /** Encrypts the key of the account in use anew. At every instant one whole key is on the disk. */
  protect(protection: NewProtection): Promise<void>
  /** Returns the key of the account in use as an encrypted keystore file (Web3 Secret Storage, version 3). */
  backUp(passphrase: string): Promise<string>
  /** Notes that a backup is in somebody's hands. */
  noteBackup(): Promise<void>
  /**
   * Keeps a key and makes it the account in use. The accounts that were here stay.
   * @throws AccountError `account/wrong-passphrase`, `account/malformed-backup`, `account/malformed-key`
   * @throws ChainError `chain/not-local`
   */
  restore(from: Restorable): Promise<Address>
  /** Makes another kept account the one in use, in place of a wallet too. */
  use(address: Address): Promise<void>
  /**
   * Asks a wallet for its account and makes it pay.
   * @throws ChainError `chain/user-rejected`, `chain/not-local`
   */
  connect(walletId: string): Promise<Address>
}

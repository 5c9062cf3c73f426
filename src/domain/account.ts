import type { Address } from './bytes.ts'

/** What encrypts a key at rest: a key that the browser keeps to itself, a passkey, or a passphrase. */
export type Protection = 'browser' | 'passkey' | 'passphrase'

/** An account whose key this browser keeps. */
export type LocalAccount = {
  address: Address
  protection: Protection
  /** Whether this tab must ask before it can sign. */
  isLocked: boolean
  /** When a backup was last made or restored from, or null. */
  backedUpAtMs: number | null
}

/** A wallet that a browser extension announced (EIP-6963). Name and icon are its own words. */
export type InjectedWallet = {
  /** Reverse domain name, the same at every visit. */
  id: string
  name: string
  /** An image as a data URI, or null where it gave none that is safe to show. */
  icon: string | null
}

/** An account in a wallet outside this page. */
export type WalletAccount = {
  address: Address
  wallet: InjectedWallet
  /** Whether the wallet has announced itself since the page was opened. */
  isHere: boolean
  /** The account that the wallet shows now, where it is another. */
  shows: Address | null
}

/** A new protection; a passphrase has at least `minPassphraseCharacters`. */
export type NewProtection = { to: 'browser' | 'passkey' } | { to: 'passphrase'; passphrase: string }

/** Shortest passphrase that is taken, in characters. */
export const minPassphraseCharacters = 10

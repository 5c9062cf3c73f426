import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { Address } from '../../domain/bytes.ts'
import { asStorageError } from '../../errors/index.ts'

const databaseName = 'opentab-keys'
const version = 2

/** How the key that encrypts an account's key comes about. */
export type KeyLock =
  /** A key that the browser keeps and no script can read. */
  | { protection: 'browser'; wrappingKey: CryptoKey }
  | { protection: 'passphrase'; salt: Uint8Array<ArrayBuffer>; cost: ScryptCost }
  /** The salt is what the passkey's pseudo-random function is asked for. */
  | { protection: 'passkey'; salt: Uint8Array<ArrayBuffer>; credentialId: ArrayBuffer }

/** Parameters of scrypt: memory is 128 × n × r bytes. */
export type ScryptCost = { n: number; r: number; p: number }

/** A private key as it is stored. */
export type KeyRecord = KeyLock & {
  address: Address
  iv: Uint8Array<ArrayBuffer>
  ciphertext: ArrayBuffer
  backedUpAtMs?: number
}

/** Which account is in use: a kept one by name, and a wallet that pays in its place. */
export type Choice = { account: string; wallet: ChosenWallet | null }

/** A wallet as it is remembered. */
export type ChosenWallet = { id: string; name: string; address: Address }

interface KeySchema extends DBSchema {
  accounts: { key: string; value: KeyRecord }
  /** Records that are being tried before they take the place of another. */
  staged: { key: string; value: KeyRecord }
  choices: { key: 'payer'; value: Choice }
}

export type KeyDatabase = IDBPDatabase<KeySchema>

/** Opens the database of keys, works on it and closes it. Every error is a `StorageError`. */
export async function withKeys<result>(work: (keys: KeyDatabase) => Promise<result>): Promise<result> {
  try {
    const keys = await openDB<KeySchema>(databaseName, version, { upgrade })
    return await work(keys).finally(() => keys.close())
  } catch (error) {
    throw asStorageError(error)
  }
}

/** Adds what is missing; keys that were stored before are never touched. */
function upgrade(keys: KeyDatabase, oldVersion: number): void {
  if (oldVersion < 1) keys.createObjectStore('accounts')
  if (oldVersion < 2) {
    keys.createObjectStore('staged')
    keys.createObjectStore('choices')
  }
}

import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { bytesToHex } from 'viem'
import type { Address } from '../domain/bytes.ts'
import { StorageError, asStorageError } from '../errors/index.ts'
import type { Signer } from '../ports/signer.ts'
import { createKeySigner, generateKey } from './key-signer.ts'

const databaseName = 'opentab-keys'
const cipher = 'AES-GCM'
const ivBytes = 12

/** A private key as it is stored: encrypted under a key that the browser keeps and no script can read. */
type SealedKey = {
  address: Address
  wrappingKey: CryptoKey
  iv: Uint8Array<ArrayBuffer>
  ciphertext: ArrayBuffer
}

interface KeyStore extends DBSchema {
  accounts: { key: string; value: SealedKey }
}

/**
 * Returns the account that this browser keeps under a name, or null when there is none.
 *
 * @throws StorageError `storage/corrupt` when the key cannot be decrypted, `storage/unavailable`
 */
export async function openLocalAccount(name: string): Promise<Signer | null> {
  const sealed = await withKeys((keys) => keys.get('accounts', name))
  return sealed ? unseal(sealed, name) : null
}

/**
 * Creates an account under a name and returns it. If another tab was faster, its account is returned:
 * a key that may hold money is never overwritten.
 *
 * @throws StorageError `storage/unavailable`, `storage/quota`
 */
export async function createLocalAccount(name: string): Promise<Signer> {
  const sealed = await seal(generateKey(), name)
  const kept = await withKeys(async (keys) => {
    const transaction = keys.transaction('accounts', 'readwrite', { durability: 'strict' })
    const existing = await transaction.store.get(name)
    if (!existing) await transaction.store.add(sealed, name)
    await transaction.done
    return existing ?? sealed
  })
  return unseal(kept, name)
}

async function seal(privateKey: Uint8Array<ArrayBuffer>, name: string): Promise<SealedKey> {
  const wrappingKey = await crypto.subtle.generateKey({ name: cipher, length: 256 }, false, [
    'encrypt',
    'decrypt',
  ])
  const iv = crypto.getRandomValues(new Uint8Array(ivBytes))
  const { address } = createKeySigner(bytesToHex(privateKey))
  const ciphertext = await crypto.subtle.encrypt(cipherOf(iv, name), wrappingKey, privateKey)
  privateKey.fill(0)
  return { address, wrappingKey, iv, ciphertext }
}

async function unseal({ address, wrappingKey, iv, ciphertext }: SealedKey, name: string): Promise<Signer> {
  try {
    const privateKey = await crypto.subtle.decrypt(cipherOf(iv, name), wrappingKey, ciphertext)
    return createKeySigner(bytesToHex(new Uint8Array(privateKey)))
  } catch (cause) {
    const message = `The key of account ${address} cannot be decrypted.`
    throw new StorageError('storage/corrupt', message, { cause, retryable: false })
  }
}

/** The name is bound in, so that keys cannot be exchanged for one another. */
function cipherOf(iv: Uint8Array<ArrayBuffer>, name: string): AesGcmParams {
  return { name: cipher, iv, additionalData: new TextEncoder().encode(name) }
}

async function withKeys<result>(work: (keys: IDBPDatabase<KeyStore>) => Promise<result>): Promise<result> {
  try {
    const keys = await openDB<KeyStore>(databaseName, 1, {
      upgrade: (database) => void database.createObjectStore('accounts'),
    })
    return await work(keys).finally(() => keys.close())
  } catch (error) {
    throw asStorageError(error)
  }
}

import { toHex } from 'viem'
import type { Hex } from '../../domain/bytes.ts'
import type { Signer } from '../../ports/signer.ts'
import { createKeySigner, generateKey } from '../key-signer.ts'
import type { KeyRecord } from './key-records.ts'
import { closeKey, openKey } from './open-key.ts'
import { addKey, readKey } from './stored-keys.ts'

/**
 * Returns the key that this browser keeps under a name, encrypted by the browser alone, or null when there is none.
 *
 * @throws StorageError `storage/corrupt` when the key cannot be decrypted, `storage/unavailable`
 */
export async function openLocalAccount(name: string): Promise<Signer | null> {
  const record = await readKey(name)
  return record && createKeySigner(await openKey(record, name))
}

/**
 * Creates an account under a name and returns it. If another tab was faster, its account is returned:
 * a key that may hold money is never overwritten.
 *
 * @throws StorageError `storage/unavailable`, `storage/quota`
 */
export async function createLocalAccount(name: string): Promise<Signer> {
  return createKeySigner(await openKey(await ensureKey(name), name))
}

/** Returns what is stored under a name, a fresh key encrypted by the browser where nothing was. */
export async function ensureKey(name: string): Promise<KeyRecord> {
  return (await readKey(name)) ?? addKey(name, (await closeKey(freshKey(), name, { to: 'browser' })).record)
}

function freshKey(): Hex {
  return toHex(generateKey())
}

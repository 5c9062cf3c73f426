import type { NewProtection } from '../../domain/account.ts'
import type { Hex } from '../../domain/bytes.ts'
import { AccountError, StorageError } from '../../errors/index.ts'
import { createKeySigner } from '../key-signer.ts'
import type { KeyRecord } from './key-records.ts'
import { newPasskeyLock, passkeyKey } from './passkey.ts'
import { checkPassphrase, newPassphraseLock, passphraseKey } from './passphrase.ts'
import { generateWrappingKey, sealKey, unsealKey } from './seal-key.ts'

/**
 * Decrypts a stored key, asking its passkey or taking its passphrase.
 * @throws AccountError `account/wrong-passphrase`, `account/passkey-declined`, `account/passkey-unsupported`
 * @throws StorageError `storage/corrupt`
 */
export async function openKey(record: KeyRecord, name: string, passphrase = ''): Promise<Hex> {
  const wrappingKey = await wrappingKeyOf(record, passphrase)
  try {
    return await unsealKey(record, name, wrappingKey)
  } catch (cause) {
    if (record.protection === 'passphrase') {
      // A damaged record looks the same; a wrong passphrase is far likelier.
      throw new AccountError('account/wrong-passphrase', 'That is not the passphrase.', { cause })
    }
    const message = `The key of account ${record.address} cannot be decrypted.`
    throw new StorageError('storage/corrupt', message, { cause, retryable: false })
  }
}

function wrappingKeyOf(record: KeyRecord, passphrase: string): Promise<CryptoKey> {
  switch (record.protection) {
    case 'browser':
      return Promise.resolve(record.wrappingKey)
    case 'passphrase':
      return passphraseKey(passphrase, record)
    case 'passkey':
      return passkeyKey(record)
  }
}

/** A key sealed anew, and the key that opens it, for trying. */
export type Sealed = { record: KeyRecord; wrappingKey: CryptoKey }

/** Encrypts a private key under a new protection; a passkey is made and asked once for it. */
export async function closeKey(privateKey: Hex, name: string, protection: NewProtection): Promise<Sealed> {
  const { lock, wrappingKey } = await makeLock(privateKey, protection)
  return { record: await sealKey(privateKey, name, lock, wrappingKey), wrappingKey }
}

async function makeLock(privateKey: Hex, protection: NewProtection) {
  switch (protection.to) {
    case 'browser': {
      const wrappingKey = await generateWrappingKey()
      return { lock: { protection: 'browser', wrappingKey } as const, wrappingKey }
    }
    case 'passphrase': {
      checkPassphrase(protection.passphrase)
      const lock = newPassphraseLock()
      return { lock, wrappingKey: await passphraseKey(protection.passphrase, lock) }
    }
    case 'passkey': {
      const lock = await newPasskeyLock(createKeySigner(privateKey).address)
      return { lock, wrappingKey: await passkeyKey(lock) }
    }
  }
}

/** Makes sure that a record, as the disk has it, gives the key back. */
export async function proveKey(
  record: KeyRecord,
  name: string,
  wrappingKey: CryptoKey,
  privateKey: Hex,
): Promise<void> {
  const read = await unsealKey(record, name, wrappingKey).catch(() => null)
  if (read !== privateKey)
    throw new StorageError('storage/corrupt', 'The encrypted key did not survive a first try.')
}

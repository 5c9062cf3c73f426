import { bytesToHex, hexToBytes } from 'viem'
import type { Hex } from '../../domain/bytes.ts'
import { createKeySigner } from '../key-signer.ts'
import type { KeyLock, KeyRecord } from './key-records.ts'

const cipher = 'AES-GCM'
const ivBytes = 12

/** Encrypts a private key for storage under a name. `lock` says how `wrappingKey` comes about again. */
export async function sealKey(
  privateKey: Hex,
  name: string,
  lock: KeyLock,
  wrappingKey: CryptoKey,
): Promise<KeyRecord> {
  const iv = crypto.getRandomValues(new Uint8Array(ivBytes))
  const { address } = createKeySigner(privateKey)
  const bytes = Uint8Array.from(hexToBytes(privateKey))
  const ciphertext = await crypto.subtle.encrypt(cipherOf(iv, name), wrappingKey, bytes)
  bytes.fill(0)
  return { ...lock, address, iv, ciphertext }
}

/** Decrypts a stored key. Throws an `OperationError` when the wrapping key or the name is not the one it was sealed with. */
export async function unsealKey(record: KeyRecord, name: string, wrappingKey: CryptoKey): Promise<Hex> {
  const { iv, ciphertext } = record
  return bytesToHex(new Uint8Array(await crypto.subtle.decrypt(cipherOf(iv, name), wrappingKey, ciphertext)))
}

/** The name is bound in, so that keys cannot be exchanged for one another. */
function cipherOf(iv: Uint8Array<ArrayBuffer>, name: string): AesGcmParams {
  return { name: cipher, iv, additionalData: new TextEncoder().encode(name) }
}

/** Returns a key for `sealKey` that no script can read. */
export function generateWrappingKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: cipher, length: 256 }, false, ['encrypt', 'decrypt'])
}

/** Returns 32 secret bytes as a key for `sealKey`. */
export function importWrappingKey(secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', secret, cipher, false, ['encrypt', 'decrypt'])
}

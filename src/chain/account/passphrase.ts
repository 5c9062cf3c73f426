import { scryptAsync } from '@noble/hashes/scrypt.js'
import { minPassphraseCharacters } from '../../domain/account.ts'
import { AccountError } from '../../errors/index.ts'
import type { KeyLock, ScryptCost } from './key-records.ts'
import { importWrappingKey } from './seal-key.ts'

/** 128 MiB and about a second a guess: hard on graphics cards, which PBKDF2 is not (OWASP's figures for scrypt). */
export const scryptCost: ScryptCost = { n: 2 ** 17, r: 8, p: 1 }

const saltBytes = 32
const keyBytes = 32

/** Returns a passphrase as bytes, the same however its accents were typed. */
export function passphraseBytes(passphrase: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(passphrase.normalize('NFKC'))
}

/** @throws AccountError `account/weak-passphrase` */
export function checkPassphrase(passphrase: string): void {
  if ([...passphrase].length >= minPassphraseCharacters) return
  const message = `A passphrase has at least ${minPassphraseCharacters} characters.`
  throw new AccountError('account/weak-passphrase', message)
}

/** Returns a fresh lock that a passphrase opens. */
export function newPassphraseLock(): Extract<KeyLock, { protection: 'passphrase' }> {
  const salt = crypto.getRandomValues(new Uint8Array(saltBytes))
  return { protection: 'passphrase', salt, cost: scryptCost }
}

/** Derives the key of a passphrase's lock. Lets the page breathe meanwhile. */
export async function passphraseKey(
  passphrase: string,
  { salt, cost }: Extract<KeyLock, { protection: 'passphrase' }>,
): Promise<CryptoKey> {
  const { n: N, r, p } = cost
  const maxmem = 128 * N * r + 2 ** 20
  const secret = await scryptAsync(passphraseBytes(passphrase), salt, { N, r, p, dkLen: keyBytes, maxmem })
  return importWrappingKey(Uint8Array.from(secret))
}

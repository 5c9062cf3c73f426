import { pbkdf2Async } from '@noble/hashes/pbkdf2.js'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concat, hexToBytes, keccak256 } from 'viem'
import type { Address, Hex } from '../../domain/bytes.ts'
import { AccountError } from '../../errors/index.ts'
import { createKeySigner } from '../key-signer.ts'
import { type Keystore, type KeystoreKdf, parseKeystore } from './parse-keystore.ts'
import { checkPassphrase, passphraseBytes, scryptCost } from './passphrase.ts'

const derivedBytes = 32
/** The first half encrypts, the second half proves the passphrase. */
const encryptionBytes = 16

/**
 * Returns a private key as an encrypted keystore file (Web3 Secret Storage, version 3), which ordinary wallets open.
 * @throws AccountError `account/weak-passphrase`
 */
export async function writeKeystore(privateKey: Hex, passphrase: string): Promise<string> {
  checkPassphrase(passphrase)
  const salt = crypto.getRandomValues(new Uint8Array(32))
  const iv = crypto.getRandomValues(new Uint8Array(16))
  const derived = await deriveKey({ name: 'scrypt', salt, ...scryptCost }, passphrase)
  const ciphertext = await applyCipher(derived, iv, hexToBytes(privateKey))
  const { n, r, p } = scryptCost
  return JSON.stringify(
    {
      version: 3,
      id: crypto.randomUUID(),
      address: bare(createKeySigner(privateKey).address.toLowerCase() as Address),
      crypto: {
        cipher: 'aes-128-ctr',
        cipherparams: { iv: bare(bytesToHex(iv)) },
        ciphertext: bare(bytesToHex(ciphertext)),
        kdf: 'scrypt',
        kdfparams: { dklen: derivedBytes, n, r, p, salt: bare(bytesToHex(salt)) },
        mac: bare(macOf(derived, ciphertext)),
      },
    },
    null,
    2,
  )
}

/**
 * Decrypts a keystore file and returns its private key.
 * @throws AccountError `account/malformed-backup`, `account/wrong-passphrase`
 */
export async function readKeystore(json: string, passphrase: string): Promise<Hex> {
  const keystore = parseKeystore(json)
  const derived = await deriveKey(keystore.kdf, passphrase)
  if (macOf(derived, keystore.ciphertext) !== keystore.mac) {
    throw new AccountError('account/wrong-passphrase', 'That is not the passphrase of this backup.')
  }
  const privateKey = bytesToHex(await applyCipher(derived, keystore.iv, keystore.ciphertext))
  checkAddress(keystore, privateKey)
  return privateKey
}

function checkAddress({ address }: Keystore, privateKey: Hex): void {
  if (address === null || createKeySigner(privateKey).address.toLowerCase() === address) return
  throw new AccountError('account/malformed-backup', 'This backup holds another account than it says.')
}

async function deriveKey(kdf: KeystoreKdf, passphrase: string): Promise<Uint8Array<ArrayBuffer>> {
  const password = passphraseBytes(passphrase)
  const options = { dkLen: derivedBytes }
  if (kdf.name === 'pbkdf2') {
    return Uint8Array.from(await pbkdf2Async(sha256, password, kdf.salt, { c: kdf.iterations, ...options }))
  }
  const { n: N, r, p, salt } = kdf
  const maxmem = 128 * N * r + 128 * r * p + 2 ** 20
  return Uint8Array.from(await scryptAsync(password, salt, { N, r, p, maxmem, ...options }))
}

/** AES-128 in counter mode, which decrypts as it encrypts. */
async function applyCipher(derived: Uint8Array<ArrayBuffer>, iv: Uint8Array<ArrayBuffer>, data: Uint8Array) {
  const name = 'AES-CTR'
  const key = await crypto.subtle.importKey('raw', derived.slice(0, encryptionBytes), name, false, [
    'encrypt',
  ])
  const input = Uint8Array.from(data)
  return new Uint8Array(await crypto.subtle.encrypt({ name, counter: iv, length: 128 }, key, input))
}

function macOf(derived: Uint8Array, ciphertext: Uint8Array): Hex {
  return keccak256(concat([derived.slice(encryptionBytes), ciphertext]))
}

/** Keystore files write hexadecimal without `0x`. */
function bare(hex: Hex): string {
  return hex.slice(2)
}

import { hexToBytes } from 'viem'
import type { Hex } from '../../domain/bytes.ts'
import { AccountError } from '../../errors/index.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** How a keystore's passphrase becomes a key. */
export type KeystoreKdf =
  | { name: 'scrypt'; salt: Bytes; n: number; r: number; p: number }
  | { name: 'pbkdf2'; salt: Bytes; iterations: number }

/** A keystore file, checked. */
export type Keystore = {
  /** Lower case, or null where the file names none. */
  address: Hex | null
  kdf: KeystoreKdf
  iv: Bytes
  ciphertext: Bytes
  mac: Hex
}

type Fields = Record<string, unknown>

const maxCharacters = 20_000
/** What a file may ask of this device: it is somebody's data, not a command. */
const maxScryptBytes = 512 * 2 ** 20
const maxParallel = 64
const maxIterations = 10_000_000

/**
 * Parses a keystore file (Web3 Secret Storage, version 3).
 * @throws AccountError `account/malformed-backup`
 */
export function parseKeystore(json: string): Keystore {
  const file = lowerKeys(readJson(json))
  if (file.version !== 3) throw malformed('It is not an account backup of version 3.')
  const inside = lowerKeys(fieldsOf(file.crypto))
  if (inside.cipher !== 'aes-128-ctr') throw malformed('Its cipher is not known here.')
  const ciphertext = bytesOf(inside.ciphertext)
  const iv = bytesOf(fieldsOf(inside.cipherparams).iv)
  if (ciphertext.length !== 32 || iv.length !== 16) throw malformed('Its key has the wrong length.')
  return {
    address: typeof file.address === 'string' && file.address !== '' ? hexOf(file.address) : null,
    kdf: kdfOf(inside.kdf, fieldsOf(inside.kdfparams)),
    iv,
    ciphertext,
    mac: hexOf(inside.mac),
  }
}

function kdfOf(name: unknown, params: Fields): KeystoreKdf {
  const salt = bytesOf(params.salt)
  if (params.dklen !== 32) throw malformed('Its passphrase makes a key of another length.')
  if (name === 'scrypt') {
    const [n, r, p] = [countOf(params.n), countOf(params.r), countOf(params.p)]
    if (!Number.isInteger(Math.log2(n)) || n < 2) throw malformed('Its passphrase settings are broken.')
    if (128 * n * r > maxScryptBytes || p > maxParallel)
      throw malformed('It asks for more memory than is fair.')
    return { name, salt, n, r, p }
  }
  if (name === 'pbkdf2' && params.prf === 'hmac-sha256') {
    const iterations = countOf(params.c)
    if (iterations > maxIterations) throw malformed('It asks for more time than is fair.')
    return { name, salt, iterations }
  }
  throw malformed('Its passphrase settings are not known here.')
}

function readJson(json: string): Fields {
  if (json.length > maxCharacters) throw malformed('It is far too large.')
  return fieldsOf(parseJson(json))
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw malformed('It is not a backup file.', cause)
  }
}

/** Some wallets write `Crypto` for `crypto`. */
function lowerKeys(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key.toLowerCase(), value]))
}

function fieldsOf(value: unknown): Fields {
  if (typeof value === 'object' && value !== null) return value as Fields
  throw malformed('A part of it is missing.')
}

function countOf(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  throw malformed('Its passphrase settings are broken.')
}

function hexOf(value: unknown): Hex {
  const digits = typeof value === 'string' ? value.replace(/^0x/i, '').toLowerCase() : ''
  if (digits.length > 0 && digits.length % 2 === 0 && /^[0-9a-f]+$/.test(digits)) return `0x${digits}`
  throw malformed('A part of it is missing or broken.')
}

function bytesOf(value: unknown): Bytes {
  return Uint8Array.from(hexToBytes(hexOf(value)))
}

function malformed(what: string, cause?: unknown): AccountError {
  return new AccountError('account/malformed-backup', `This backup cannot be read. ${what}`, { cause })
}

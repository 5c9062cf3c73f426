import type { Address } from '../../domain/bytes.ts'
import { AccountError } from '../../errors/index.ts'
import type { KeyLock } from './key-records.ts'

type PasskeyLock = Extract<KeyLock, { protection: 'passkey' }>

const randomBytes = (count: number) => crypto.getRandomValues(new Uint8Array(count))

/** COSE algorithms: Ed25519, ECDSA with P-256, RSA. */
const algorithms = [-8, -7, -257]

const purpose = new TextEncoder().encode('opentab account key v1')

/**
 * Makes a passkey for an account and returns the lock that it opens.
 * @throws AccountError `account/passkey-unsupported` where it has no pseudo-random function (WebAuthn PRF),
 * `account/passkey-declined`
 */
export async function newPasskeyLock(address: Address): Promise<PasskeyLock> {
  const name = `Opentab account ${address.slice(0, 6)}…${address.slice(-4)}`
  const credential = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: 'Opentab' },
        user: { id: randomBytes(16), name, displayName: name },
        challenge: randomBytes(32),
        pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        extensions: { prf: {} },
      },
    }),
  )
  if (!credential.getClientExtensionResults().prf?.enabled) {
    const message = 'This passkey cannot keep a secret for a page. Use a passphrase, or another device.'
    throw new AccountError('account/passkey-unsupported', message)
  }
  return { protection: 'passkey', credentialId: credential.rawId, salt: randomBytes(32) }
}

/**
 * Asks a passkey for the key of its lock.
 * @throws AccountError `account/passkey-unsupported`, `account/passkey-declined`
 */
export async function passkeyKey({ credentialId, salt }: PasskeyLock): Promise<CryptoKey> {
  const credential = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: randomBytes(32),
        allowCredentials: [{ type: 'public-key', id: credentialId }],
        userVerification: 'required',
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  )
  const secret = credential.getClientExtensionResults().prf?.results?.first
  if (!secret) throw new AccountError('account/passkey-unsupported', 'The passkey gave no secret.')
  return deriveKey(secret, salt)
}

async function deriveKey(secret: BufferSource, salt: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey'])
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt, info: purpose }
  return crypto.subtle.deriveKey(hkdf, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}

/** Browsers tell one error for "cancelled", "not here" and "too late", so that no page learns which. */
async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  if (!('PublicKeyCredential' in globalThis)) {
    throw new AccountError('account/passkey-unsupported', 'This browser knows no passkeys.')
  }
  const credential = await ask().catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === 'SecurityError') {
      const message = 'Passkeys need a page with a domain name and a secure connection.'
      throw new AccountError('account/passkey-unsupported', message, { cause })
    }
    const message = 'The passkey was not used: it was cancelled, took too long, or is not on this device.'
    throw new AccountError('account/passkey-declined', message, { cause })
  })
  if (credential instanceof PublicKeyCredential) return credential
  throw new AccountError('account/passkey-declined', 'The passkey was not used.')
}

import { type Hex, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Signer } from '../ports/signer.ts'

/** Returns a signer over a raw private key, which never leaves it. */
export function createKeySigner(privateKey: Hex): Signer {
  const account = privateKeyToAccount(privateKey)
  return {
    address: account.address,
    signTypedData: (data) => account.signTypedData(data),
    signTransaction: (transaction) => account.signTransaction(transaction),
  }
}

/** Returns 32 fresh random bytes as a private key. */
export function generateKey(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(32))
}

/** Returns an account that lives as long as this process or page. */
export function createMemoryAccount(): Signer {
  return createKeySigner(toHex(generateKey()))
}

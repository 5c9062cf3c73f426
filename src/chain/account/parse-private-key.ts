import type { Hex } from '../../domain/bytes.ts'
import { AccountError } from '../../errors/index.ts'
import { createKeySigner } from '../key-signer.ts'

/**
 * Returns a pasted private key: 64 hexadecimal digits, with or without `0x`, spaces around it forgiven.
 * @throws AccountError `account/malformed-key`
 */
export function parsePrivateKey(text: string): Hex {
  const digits = text.trim().replace(/^0x/i, '').toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(digits)) {
    throw new AccountError('account/malformed-key', 'A private key is 64 digits and letters from a to f.')
  }
  try {
    return createKeySigner(`0x${digits}`) && `0x${digits}`
  } catch (cause) {
    throw new AccountError('account/malformed-key', 'This number is no private key.', { cause })
  }
}

import type { Hex } from './bytes.ts'

/** Half the order of secp256k1. */
const largestS = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/**
 * Whether contracts take a 65-byte signature in this form: `s` in the lower half of the curve, `v` as 27 or 28.
 * Recovery in JavaScript is more lenient, and what only it takes can never be claimed.
 */
export function isCanonicalSignature(signature: Hex): boolean {
  const v = signature.slice(130)
  return (v === '1b' || v === '1c') && BigInt(`0x${signature.slice(66, 130)}`) <= largestS
}

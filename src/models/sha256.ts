import type { Hex } from '../domain/bytes.ts'

/** Returns the SHA-256 of bytes that are in memory. */
export async function sha256(bytes: BufferSource): Promise<Hex> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

export function toHex(bytes: Uint8Array): Hex {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

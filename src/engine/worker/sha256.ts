import type { Hex } from '../../domain/bytes.ts'

/** Returns the SHA-256 of some bytes. */
export async function sha256(bytes: BufferSource): Promise<Hex> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return `0x${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

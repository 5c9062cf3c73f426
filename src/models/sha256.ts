import { type Hex, toHex } from '../domain/bytes.ts'

/** Returns the SHA-256 of bytes that are in memory. */
export async function sha256(bytes: BufferSource): Promise<Hex> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

import type { ChannelConfig } from './channel.ts'
import { type Hex, fromHex, toHex } from './bytes.ts'

/**
 * A session key may sign vouchers up to its channel's deposit and until its end. The end stands in the channel's
 * salt, so that the wallet's one signature for the deposit binds it: `"otab"`, 23 random bytes, and the end as a
 * 40-bit Unix time in seconds.
 */
const tag = [0x6f, 0x74, 0x61, 0x62]
const randomBytes = 23

/** How many random bytes a session's salt takes. */
export const sessionSaltBytes = randomBytes

/** How long a session key serves before its channel is closed, in seconds: 30 days. */
export const sessionSeconds = 30 * 24 * 3600

/** Returns a channel's salt that ends its session key. `random` has `sessionSaltBytes` bytes. */
export function sessionSalt(random: Uint8Array, endsAtSeconds: number): Hex {
  const salt = new Uint8Array(32)
  salt.set(tag)
  salt.set(random.subarray(0, randomBytes), tag.length)
  new DataView(salt.buffer).setUint32(28, endsAtSeconds >>> 0)
  salt[27] = Math.floor(endsAtSeconds / 2 ** 32)
  return toHex(salt)
}

/** Returns the Unix time in seconds when a channel's session key ends, or null where its salt names none. */
export function sessionEndOf({ salt }: Pick<ChannelConfig, 'salt'>): number | null {
  const bytes = fromHex(salt)
  if (!tag.every((byte, index) => bytes[index] === byte)) return null
  return (bytes[27] ?? 0) * 2 ** 32 + new DataView(bytes.buffer).getUint32(28)
}

/** Whether a channel's session key has ended, so that no new promise of it counts. */
export function isSessionOver(config: Pick<ChannelConfig, 'salt'>, nowSeconds: number): boolean {
  const end = sessionEndOf(config)
  return end !== null && nowSeconds >= end
}

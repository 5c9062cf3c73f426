import * as v from 'valibot'
import type { Address, Hex } from '../domain/bytes.ts'
import { limits } from './limits.ts'

/** `0x` and exactly `bytes` bytes in lower-case hexadecimal. */
export const hexBytes = (bytes: number) =>
  v.pipe(
    v.string(),
    v.regex(new RegExp(`^0x[0-9a-f]{${bytes * 2}}$`)),
    v.transform((text) => text as Hex),
  )

/** A 20-byte address in hexadecimal of either case; its checksum is not looked at. */
export const address = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{40}$/),
  v.transform((text) => text as Address),
)

/** An amount of money: a decimal string that fits uint128. */
export const amount = v.pipe(
  v.string(),
  v.regex(/^(0|[1-9][0-9]{0,38})$/),
  v.transform((text) => BigInt(text)),
  v.check((value) => value < 1n << 128n),
)

/** A whole number from 0 to `max`. */
export const count = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(max))

/** A fraction that is exact to a millionth, as it is hashed and signed. */
export const millionths = (min: number, max: number) =>
  v.pipe(
    v.number(),
    v.minValue(min),
    v.maxValue(max),
    v.check((value) => Math.round(value * 1e6) / 1e6 === value),
  )

/** An ECDSA signature: r, s and v. */
export const signature = hexBytes(65)

/** A peer id in its text form, a byte a character; whether it is one shows when it is dialled. */
export const peerId = v.pipe(v.string(), v.regex(/^[\w-]+$/), v.maxLength(limits.peerIdChars))

/** At most `max` token ids. */
export const tokenIds = (max: number) => v.pipe(v.array(count(0xffffffff)), v.maxLength(max))

/** An embedding: numbers of single precision, of which none is longer than the whole. */
export const embedding = v.pipe(
  v.array(
    v.pipe(
      v.number(),
      v.minValue(-1),
      v.maxValue(1),
      v.check((value) => Math.fround(value) === value),
    ),
  ),
  v.minLength(1),
  v.maxLength(limits.embeddingWidth),
  v.transform((numbers) => Float32Array.from(numbers)),
)

/** The other side's words on what went wrong: to be shown, never acted upon. */
export const peerError = v.strictObject({
  code: v.pipe(
    v.string(),
    v.regex(/^[a-z]+\/[a-z-]{1,40}$/),
    v.transform((code) => code as `${string}/${string}`),
  ),
  shortMessage: v.pipe(v.string(), v.maxLength(limits.shortMessageChars)),
})

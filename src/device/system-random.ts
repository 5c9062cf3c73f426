import type { Random } from '../ports/random.ts'

/** Most bytes that `getRandomValues` gives at once. */
const maxBytesAtOnce = 65_536

/** The machine's own unpredictable bytes. */
export const systemRandom: Random = {
  bytes(length) {
    const bytes = new Uint8Array(length)
    for (let start = 0; start < length; start += maxBytesAtOnce) {
      crypto.getRandomValues(bytes.subarray(start, start + maxBytesAtOnce))
    }
    return bytes
  },
}

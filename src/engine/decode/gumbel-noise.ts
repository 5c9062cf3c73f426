import type { Hex } from '../../domain/bytes.ts'
import { EngineError } from '../../errors/index.ts'
import { exactLog } from '../exact-math.ts'
import { threefry4x32, type Words } from './threefry.ts'

/** Standard Gumbel noise for one token of the vocabulary at one position of the sequence. */
export type GumbelNoise = (position: number, tokenId: number) => number

/** No draw is larger: −ln(−ln u) at the u nearest to 1. */
export const largestGumbel = 36.8

/** Returns the noise that a 128-bit seed stands for; the same seed gives the same noise everywhere. */
export function createGumbelNoise(seed: Hex): GumbelNoise {
  const key = parseSeed(seed)
  return (position, tokenId) => {
    const [high, low] = threefry4x32(key, [position, tokenId, 0, 0])
    // 52 random bits and a half: exact in a double, and never 0 or 1.
    const uniform = (high * 1048576 + (low >>> 12) + 0.5) / 4503599627370496
    return -exactLog(-exactLog(uniform))
  }
}

function parseSeed(seed: Hex): Words {
  if (!/^0x[0-9a-f]{32}$/.test(seed)) {
    throw new EngineError('engine/invalid-settings', 'The seed must have 128 bits.', { details: seed })
  }
  const word = (index: number) => Number.parseInt(seed.slice(2 + index * 8, 10 + index * 8), 16)
  return [word(0), word(1), word(2), word(3)]
}

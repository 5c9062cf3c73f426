import type { Random } from '../ports/random.ts'
import { createMulberry32 } from './mulberry32.ts'

/** Returns bytes that repeat from run to run, for tests and simulations; never for keys. */
export function createSeededRandom(seed: number): Random {
  const next = createMulberry32(seed)
  return { bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff) }
}

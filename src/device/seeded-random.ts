import type { Random } from '../ports/random.ts'

/** Returns bytes that repeat from run to run, for tests and simulations; never for keys. */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0
  // Mulberry32: one 32-bit word of state, a step and two mixing rounds.
  const nextByte = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) & 0xff
  }
  return { bytes: (length) => Uint8Array.from({ length }, nextByte) }
}

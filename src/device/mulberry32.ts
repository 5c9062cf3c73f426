/**
 * Returns a generator of numbers from 0 to 2³² − 1 that repeat from run to run (Mulberry32: one 32-bit word of
 * state, a step and two mixing rounds). For tests and simulations, never for keys.
 */
export function createMulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

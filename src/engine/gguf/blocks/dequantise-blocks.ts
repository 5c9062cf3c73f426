import { readHalfBits } from '../half-float.ts'

/** Writes the numbers that packed blocks stand for into `out`, which has one place for each. */
export type DequantiseBlocks = (packed: Uint8Array, out: Float32Array) => void

/** Reads the half-precision number at a byte. */
export function readHalf(packed: Uint8Array, at: number): number {
  return readHalfBits(packed[at]! | (packed[at + 1]! << 8))
}

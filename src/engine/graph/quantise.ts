const bitsOfLargest = new Uint32Array(1)
const largestOf = new Float32Array(bitsOfLargest.buffer)

/** Returns the bits of weights, in place. */
export function bitsOf({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length)
}

/**
 * Returns what makes the largest magnitude among the weights from `start` to `end` 127 when they are divided by it.
 * `bits` are the weights' own.
 */
export function findScale(bits: Uint32Array, start: number, end: number): number {
  let largest = 0
  // Magnitudes are in the order of their bits, and integers are compared faster.
  for (let i = start; i < end; i++) largest = Math.max(largest, bits[i]! & 0x7fffffff)
  bitsOfLargest[0] = largest
  // What is no number makes none: the product shows it.
  return largest === 0 ? 1e-8 : largestOf[0]! / 127
}

/**
 * Returns the integer nearest to `weight × inverse`, −127 to 127, for a finite weight and the inverse of such a scale.
 * Where that lies half way, any machine decides alike. Cutting a positive number off is twice as fast as rounding one of
 * either sign.
 */
export function quantise(weight: number, inverse: number): number {
  return ((weight * inverse + (zeroPoint + 0.5)) | 0) - zeroPoint
}

/** Lifts every quantised weight above zero. */
const zeroPoint = 128

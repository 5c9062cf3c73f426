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
  return largestOf[0]! / 127 || 1e-8
}

/** Returns the integer nearest to `weight * inverse`, that of a scale: products are computed faster than quotients. */
export function quantise(weight: number, inverse: number): number {
  return Math.floor(weight * inverse + 0.5)
}

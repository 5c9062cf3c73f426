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

/**
 * Returns the integer nearest to `weight / scale`, as `Math.round` does, whose own branches go wrong at each half. The sum
 * is never rounded up to 1: a weight that is half of such a scale divides without a rest, and all others are farther off.
 */
export function quantise(weight: number, scale: number): number {
  return Math.floor(weight / scale + 0.5)
}

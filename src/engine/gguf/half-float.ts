/** Every half-precision number, once one is read: to list them takes longer than a worker may take to start. */
let numbers: Float32Array | undefined

/** Returns an IEEE half-precision number from its 16 bits. */
export function readHalfBits(bits: number): number {
  numbers ??= Float32Array.from({ length: 65536 }, (_, each) => decodeHalf(each))
  return numbers[bits]!
}

function decodeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

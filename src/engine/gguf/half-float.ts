/** Every IEEE half-precision number as a single-precision one, by its 16 bits. */
export const halfFloats = Float32Array.from({ length: 65536 }, (_, bits) => decodeHalf(bits))

function decodeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

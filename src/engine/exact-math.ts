/**
 * Exponential and logarithm from + − × ÷ and comparisons of doubles alone, so that every browser computes
 * the same bits: `Math.exp` and `Math.log` may differ in the last one. Both err by less than 4e-16 relatively.
 */

const ln2 = 0.6931471805599453
/** ln 2 in two parts; the product of the high one with any exponent of a double is exact. */
const ln2High = 0.6931471803691238
const ln2Low = 1.9082149292705877e-10
const sqrt2 = 1.4142135623730951

/** Returns e to the power of x. */
export function exactExp(x: number): number {
  if (x < -745) return 0
  if (x > 709) return Infinity
  const k = Math.floor(x / ln2 + 0.5)
  const r = x - k * ln2High - k * ln2Low
  let sum = 1
  for (let n = 15; n > 0; n--) sum = 1 + (r / n) * sum
  return scaleByPowerOfTwo(sum, k)
}

/** Returns the natural logarithm of x, which must be positive and finite. */
export function exactLog(x: number): number {
  let exponent = 0
  let mantissa = x
  for (; mantissa >= 4294967296; exponent += 32) mantissa /= 4294967296
  for (; mantissa < 2.3283064365386963e-10; exponent -= 32) mantissa *= 4294967296
  for (; mantissa > sqrt2; exponent++) mantissa /= 2
  for (; mantissa < sqrt2 / 2; exponent--) mantissa *= 2
  const s = (mantissa - 1) / (mantissa + 1)
  const square = s * s
  let sum = 0
  for (let n = 23; n > 0; n -= 2) sum = 1 / n + square * sum
  return exponent * ln2High + (2 * s * sum + exponent * ln2Low)
}

/** Multiplication by a power of two is exact; two steps reach below the smallest normal double. */
function scaleByPowerOfTwo(value: number, exponent: number): number {
  let scaled = value
  let left = exponent
  for (; left >= 30; left -= 30) scaled *= 1073741824
  for (; left <= -30; left += 30) scaled /= 1073741824
  for (; left > 0; left--) scaled *= 2
  for (; left < 0; left++) scaled /= 2
  return scaled
}

const halfPiHigh = 1.5707963267341256
const halfPiLow = 6.077100506506192e-11

/** Returns cosine and sine of an angle in radians, to 1e-11 for angles up to a million. */
export function exactCosSin(angle: number): [cos: number, sin: number] {
  const quarters = Math.floor(angle / (halfPiHigh + halfPiLow) + 0.5)
  const rest = angle - quarters * halfPiHigh - quarters * halfPiLow
  const square = rest * rest
  let cos = 1
  let sin = 1
  for (let n = 20; n > 0; n -= 2) {
    cos = 1 - (square / (n * (n - 1))) * cos
    sin = 1 - (square / (n * (n + 1))) * sin
  }
  sin *= rest
  if (quarters % 4 === 0) return [cos, sin]
  if (quarters % 4 === 1) return [-sin, cos]
  if (quarters % 4 === 2) return [-cos, -sin]
  return [sin, -cos]
}

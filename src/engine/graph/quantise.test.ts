import { expect, test } from 'vitest'
import { createMulberry32 } from '../../device/mulberry32.ts'
import { bitsOf, findScale, quantise } from './quantise.ts'

const random = createMulberry32(3)
const anyWeight = () => (random() / 2 ** 32 - 0.5) * 2 ** ((random() % 40) - 30)

/** A largest magnitude, and weights that lie on its halves, beside them, and anywhere below it. */
function rowBelow(unit: number): Float32Array {
  const halves = Array.from({ length: 254 }, (_, i) => (i - 127 + 0.5) * 2 * unit)
  const bits = new Uint32Array(Float32Array.from(halves).buffer)
  const beside = [-1, 0, 1].flatMap((step) => [
    ...new Float32Array(bits.map((each) => Math.max(0, each + step)).buffer),
  ])
  return Float32Array.from([...beside, 254 * unit, -0, 0])
}

test('quantises to the nearest integer, at every half and between', () => {
  const rows = [
    ...Array.from({ length: 200 }, () => Float32Array.from({ length: 64 }, anyWeight)),
    ...[1, 3, 65535, 2 ** -20 / 3, 2 ** -149, 2 ** -140 * 5].map((unit) => rowBelow(Math.fround(unit))),
  ]
  for (const row of rows) {
    const scale = Math.max(...row.map(Math.abs)) / 127
    expect(findScale(bitsOf(row), 0, row.length)).toBe(scale)
    const wrong = row.filter((weight) => {
      const quantised = quantise(weight, 1 / scale)
      const isFar = Math.abs(weight / scale - quantised) > 0.5 + 1e-12
      return isFar || Math.abs(quantised) > 127 || !Number.isInteger(quantised)
    })
    expect([...wrong]).toEqual([])
  }
})

test('finds the scale of a part alone, whatever its numbers', () => {
  const scaleOf = (...weights: number[]) =>
    findScale(bitsOf(Float32Array.from(weights)), 1, weights.length - 1)
  expect(scaleOf(9, 1, -2, 9)).toBe(2 / 127)
  expect(scaleOf(9, 0, -0, 9)).toBe(1e-8)
  expect(scaleOf(9, Number.NaN, 2, 9)).toBeNaN()
  expect(scaleOf(9, -Infinity, 2, 9)).toBe(Infinity)
})

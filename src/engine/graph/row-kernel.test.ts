import { describe, expect, test } from 'vitest'
import { createMulberry32 } from '../../device/mulberry32.ts'
import { multiplyColumns, quantiseGroups, reserveRows } from './row-kernel.ts'

const random = createMulberry32(3)
const anyWeight = () => (random() / 2 ** 32 - 0.5) * 2 ** ((random() % 40) - 30)
const weights = (length: number) => Float32Array.from({ length }, anyWeight)

function place(...rows: Float32Array[]): Float32Array {
  const inputs = rows[0]!.length
  const room = reserveRows(rows.length, inputs)
  for (const [index, row] of rows.entries()) room.set(row, index * inputs)
  return room
}

/** A largest magnitude, and weights that lie on its halves, beside them, and anywhere below it. */
function rowBelow(unit: number): Float32Array {
  const halves = Array.from({ length: 254 }, (_, i) => (i - 127 + 0.5) * 2 * unit)
  const bits = new Uint32Array(Float32Array.from(halves).buffer)
  const beside = [-1, 0, 1].flatMap((step) => [
    ...new Float32Array(bits.map((each) => Math.max(0, each + step)).buffer),
  ])
  return Float32Array.from([...beside, 254 * unit, -0, 0])
}

/** What the kernel does four at a time, one by one in double precision. */
function quantiseOne(weight: number, scale: number): number {
  return Math.floor(weight * (1 / scale) + 0.5)
}

describe('a group is quantised', () => {
  const unusual = [1, 3, 65535, 2 ** -20 / 3, 2 ** -149, 2 ** -140 * 5]
  const groups = [
    ...[1, 2, 3, 4, 5, 31, 32, 33, 64, 576].map((length) => ({ group: weights(length) })),
    ...unusual.map((unit) => ({ group: rowBelow(Math.fround(unit)) })),
  ]
  test.each(groups)('to the nearest integers, at every half and between ($group.length)', ({ group }) => {
    const scale = Math.max(...group.map(Math.abs)) / 127
    const { bytes, scales } = quantiseGroups(place(group), group.length, 0)
    expect([...scales]).toEqual([Math.fround(scale)])
    const quantised = [...new Int8Array(bytes)]
    expect(quantised).toEqual(Array.from(group, (weight) => quantiseOne(weight, scale) + 0))
    for (const [i, integer] of quantised.entries()) {
      expect(Math.abs(group[i]! / scale - integer)).toBeLessThanOrEqual(0.5 + 1e-12)
    }
  })

  test('by itself, beside any others', () => {
    const rows = Array.from({ length: 70 }, () => weights(39))
    const together = quantiseGroups(place(...rows), 39, 128)
    const bytes = new Uint8Array(together.bytes)
    const scales = Float32Array.from(together.scales)
    for (const [index, row] of rows.entries()) {
      const alone = quantiseGroups(place(row), 39, 128)
      expect([...alone.bytes]).toEqual([...bytes.subarray(index * 39, (index + 1) * 39)])
      expect([...alone.scales]).toEqual([scales[index]])
    }
  })

  test('around another zero', () => {
    const row = weights(50)
    const signed = Array.from(new Int8Array(quantiseGroups(place(row), 10, 0).bytes))
    expect([...quantiseGroups(place(row), 10, 128).bytes]).toEqual(signed.map((each) => each + 128))
  })

  test('whatever its numbers', () => {
    const scaleOf = (...numbers: number[]) =>
      quantiseGroups(place(Float32Array.from(numbers)), numbers.length, 0).scales[0]
    expect(scaleOf(1, -2, 0)).toBe(Math.fround(2 / 127))
    expect(scaleOf(0, -0, 0, 0, 0)).toBe(Math.fround(1e-8))
    for (const length of [3, 4, 8]) {
      for (let at = 0; at < length; at++) {
        const numbers = Array.from({ length }, () => 1)
        expect(scaleOf(...numbers.with(at, Number.NaN))).toBeNaN()
        expect(scaleOf(...numbers.with(at, -Infinity))).toBe(Infinity)
      }
    }
  })
})

test.each([1, 3, 4, 7, 64])('each of %i columns is multiplied by its factor', (inputs) => {
  const rows = Array.from({ length: 5 }, () => weights(inputs))
  const factors = weights(inputs)
  const placed = place(...rows)
  multiplyColumns(placed.subarray(inputs), factors)
  const expected = rows.map((row, index) =>
    index === 0 ? row : row.map((weight, i) => weight * factors[i]!),
  )
  expect([...placed]).toEqual(expected.flatMap((row) => [...row]))
})

test('rows that lie elsewhere are refused', () => {
  const small = reserveRows(1, 4)
  reserveRows(1, 2 ** 20)
  for (const rows of [weights(4), small]) expect(() => quantiseGroups(rows, 4, 0)).toThrow(TypeError)
})

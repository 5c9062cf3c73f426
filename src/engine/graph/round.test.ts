import { expect, test } from 'vitest'
import { createMulberry32 } from '../../device/mulberry32.ts'
import { round } from './round.ts'

/** The doubles next to a number, itself among them. */
function around(value: number): number[] {
  const bits = new BigInt64Array(Float64Array.of(value).buffer)[0]!
  return [-1n, 0n, 1n].map((step) => new Float64Array(BigInt64Array.of(bits + step).buffer)[0]!)
}

test('rounds as Math.round does, at every half and between', () => {
  const random = createMulberry32(3)
  const halves = Array.from({ length: 512 }, (_, i) => around((i - 256 + Number(i >= 256)) / 2)).flat()
  const others = Array.from({ length: 10_000 }, () => (random() / 2 ** 32 - 0.5) * 300)
  const wrong = [...halves, ...others].filter((value) => round(value) !== Math.round(value))
  expect(wrong).toEqual([])
})

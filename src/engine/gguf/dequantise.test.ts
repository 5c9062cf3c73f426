import { expect, test } from 'vitest'
import { packTensor, toHalf } from '../../../tests/fixtures/llama/quantise.ts'
import { dequantise } from './dequantise.ts'
import { halfFloats } from './half-float.ts'

/** Sixteen bytes: low halves 0…15, high halves 15…0. */
const nibbles = Array.from({ length: 16 }, (_, i) => i | ((15 - i) << 4))
const half = (value: number) => [toHalf(value) & 255, toHalf(value) >> 8]
const up = Array.from({ length: 16 }, (_, i) => i)
const down = up.toReversed()

test('F32 and F16 are read as they are', () => {
  const floats = new Uint8Array(Float32Array.of(1.5, -2).buffer)
  expect([...dequantise('F32', floats, 2)]).toEqual([1.5, -2])
  const halves = [...half(0.5), ...half(-3), 0x00, 0x7c, 0x01, 0x00]
  expect([...dequantise('F16', Uint8Array.from(halves), 4)]).toEqual([0.5, -3, Infinity, 2 ** -24])
})

test('Q8_0 is scale times a signed byte', () => {
  const block = [...half(0.25), ...Array.from({ length: 32 }, (_, i) => (i - 16) & 255)]
  const expected = Array.from({ length: 32 }, (_, i) => (i - 16) / 4)
  expect([...dequantise('Q8_0', Uint8Array.from(block), 32)]).toEqual(expected)
})

test('Q4_0 is scale times a half byte less 8', () => {
  const block = Uint8Array.from([...half(2), ...nibbles])
  expect([...dequantise('Q4_0', block, 32)]).toEqual([...up, ...down].map((n) => 2 * (n - 8)))
})

test('Q4_1 is scale times a half byte, plus a minimum', () => {
  const block = Uint8Array.from([...half(0.5), ...half(-1), ...nibbles])
  expect([...dequantise('Q4_1', block, 32)]).toEqual([...up, ...down].map((n) => n / 2 - 1))
})

test('each block has its own scale', () => {
  const blocks = Uint8Array.from([...half(1), ...nibbles, ...half(3), ...nibbles])
  const values = dequantise('Q4_0', blocks, 64)
  expect([values[1], values[33]]).toEqual([-7, -21])
})

test.each(['F16', 'Q8_0', 'Q4_0', 'Q4_1'] as const)('%s comes back near what was packed', (type) => {
  const values = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i * 1.7))
  const errorOf = { F16: 1e-3, Q8_0: 5e-3, Q4_0: 0.08, Q4_1: 0.08 }
  const read = dequantise(type, packTensor(type, values), 256)
  values.forEach((value, i) => expect(Math.abs(read[i]! - value)).toBeLessThan(errorOf[type]))
})

test('half-precision numbers cover sign, subnormals, infinity and NaN', () => {
  expect([0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00].map((bits) => halfFloats[bits])).toEqual([
    1,
    -2,
    2 ** -24,
    65504,
    -Infinity,
  ])
  expect(halfFloats[0x7e00]).toBeNaN()
})

import { GGMLQuantizationType } from '@huggingface/gguf'
import { describe, expect, test } from 'vitest'
import { type BlockLayout, blockLayouts, readBlock } from '../../../tests/fixtures/llama/block-layout.ts'
import { packTensor, packedTypeNumbers, toHalf } from '../../../tests/fixtures/llama/quantise.ts'
import { createMulberry32 } from '../../device/mulberry32.ts'
import { dequantise } from './dequantise.ts'
import { readHalfBits } from './half-float.ts'
import { parseTensorType, tensorBytes } from './tensor-type.ts'

/** Sixteen bytes: low halves 0…15, high halves 15…0. */
const nibbles = Array.from({ length: 16 }, (_, i) => i | ((15 - i) << 4))
const half = (value: number) => [toHalf(value) & 255, toHalf(value) >> 8]
const up = Array.from({ length: 16 }, (_, i) => i)
const down = up.toReversed()
const times = (count: number, byte: number) => Array.from({ length: count }, () => byte)

test('F32, F16 and BF16 are read as they are', () => {
  const floats = new Uint8Array(Float32Array.of(1.5, -2).buffer)
  expect([...dequantise('F32', floats, 2)]).toEqual([1.5, -2])
  const halves = [...half(0.5), ...half(-3), 0x00, 0x7c, 0x01, 0x00]
  expect([...dequantise('F16', Uint8Array.from(halves), 4)]).toEqual([0.5, -3, Infinity, 2 ** -24])
  const brainHalves = Uint8Array.of(0x80, 0x3f, 0x20, 0xc0, 0x80, 0x7f, 0x01, 0x00)
  expect([...dequantise('BF16', brainHalves, 4)]).toEqual([1, -2.5, Infinity, 2 ** -133])
})

/** Every number of 16 bits, little end first. */
const allHalves = Uint8Array.from({ length: 2 * 65536 }, (_, at) => (at % 2 ? at >> 9 : at >> 1) & 255)

/** The bits of what the numbers stand for; those that are no number are all one. */
const bitsOf = (floats: Float32Array) =>
  new Uint32Array(floats.map((value) => (Number.isNaN(value) ? NaN : value)).buffer)

test('all 65,536 numbers of F16 are read to the bit', () => {
  // By the definition of binary16 in IEEE 754, with powers that doubles hold exactly.
  const expected = Float32Array.from({ length: 65536 }, (_, bits) => {
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023]
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
    return sign * (exponent === 0 ? fraction / 1024 : 1 + fraction / 1024) * 2 ** (Math.max(exponent, 1) - 15)
  })
  expect(bitsOf(dequantise('F16', allHalves, 65536))).toEqual(bitsOf(expected))
})

test('all 65,536 numbers of BF16 are the upper half of a single-precision number', () => {
  const view = new DataView(new ArrayBuffer(4))
  const expected = Float32Array.from({ length: 65536 }, (_, bits) => {
    view.setUint16(0, bits)
    return view.getFloat32(0)
  })
  expect(bitsOf(dequantise('BF16', allHalves, 65536))).toEqual(bitsOf(expected))
})

describe('blocks computed by hand', () => {
  const read = (type: keyof typeof blockLayouts, bytes: number[]) => [
    ...dequantise(type, Uint8Array.from(bytes), blockLayouts[type].weights),
  ]

  test('Q8_0 is scale times a signed byte', () => {
    const bytes = Array.from({ length: 32 }, (_, i) => (i - 16) & 255)
    expect(read('Q8_0', [...half(0.25), ...bytes])).toEqual(
      Array.from({ length: 32 }, (_, i) => (i - 16) / 4),
    )
  })

  test('Q4_0 is scale times a half byte less 8', () => {
    expect(read('Q4_0', [...half(2), ...nibbles])).toEqual([...up, ...down].map((n) => 2 * (n - 8)))
  })

  test('Q4_1 is scale times a half byte, plus a minimum', () => {
    const bytes = [...half(0.5), ...half(-1), ...nibbles]
    expect(read('Q4_1', bytes)).toEqual([...up, ...down].map((n) => n / 2 - 1))
  })

  test('Q5_0 has a fifth bit for each weight, and is less 16', () => {
    const bytes = [...half(2), 0xff, 0x00, 0x00, 0xff, ...nibbles]
    const fifth = (i: number) => (i < 8 || i >= 24 ? 16 : 0)
    expect(read('Q5_0', bytes)).toEqual([...up, ...down].map((n, i) => 2 * (n + fifth(i) - 16)))
  })

  test('Q5_1 has a fifth bit for each weight, and a minimum', () => {
    const bytes = [...half(0.5), ...half(3), 0x01, 0x00, 0x00, 0x80, ...nibbles]
    const fifth = (i: number) => (i === 0 || i === 31 ? 16 : 0)
    expect(read('Q5_1', bytes)).toEqual([...up, ...down].map((n, i) => (n + fifth(i)) / 2 + 3))
  })

  /** Scales 1, 2, 3, 4 and 5, 22, 39, 56; minimums 8, 7, 6, 5 and 4, 19, 34, 49. */
  const scaleBytes = [0x01, 0x42, 0x83, 0xc4, 0x08, 0x47, 0x86, 0xc5, 0x45, 0x36, 0x27, 0x18]

  test('Q4_K scales each 32 weights by six bits of their own', () => {
    const bytes = [...half(0.5), ...half(0.25), ...scaleBytes, ...times(128, 0x52)]
    const scales = [1, 2, 3, 4, 5, 22, 39, 56]
    const minimums = [8, 7, 6, 5, 4, 19, 34, 49]
    const expected = scales.map((scale, part) => (scale / 2) * (part % 2 ? 5 : 2) - minimums[part]! / 4)
    expect(read('Q4_K', bytes)).toEqual(expected.flatMap((value) => times(32, value)))
  })

  test('Q5_K takes its fifth bits part by part from the same 32 bytes', () => {
    const bytes = [...half(0.5), ...half(0.25), ...scaleBytes, ...times(32, 0b1000_0001), ...times(128, 0x52)]
    const scales = [1, 2, 3, 4, 5, 22, 39, 56]
    const minimums = [8, 7, 6, 5, 4, 19, 34, 49]
    const bits = [2 + 16, 5, 2, 5, 2, 5, 2, 5 + 16]
    const expected = scales.map((scale, part) => (scale / 2) * bits[part]! - minimums[part]! / 4)
    expect(read('Q5_K', bytes)).toEqual(expected.flatMap((value) => times(32, value)))
  })

  test('Q6_K is a signed scale of each 16 weights times six bits less 32', () => {
    const scales = Array.from({ length: 16 }, (_, part) => (part - 8) & 255)
    const bytes = [...times(128, 0x31), ...times(64, 0b11_10_01_00), ...scales, ...half(0.5)]
    // Runs of 32 weights: 1, 1 + 16, 3 + 32, 3 + 48, twice.
    const bits = [1, 17, 35, 51, 1, 17, 35, 51].map((value) => value - 32)
    const expected = Array.from({ length: 16 }, (_, part) => ((part - 8) / 2) * bits[part >> 1]!)
    expect(read('Q6_K', bytes)).toEqual(expected.flatMap((value) => times(16, value)))
  })
})

describe.each(Object.entries(blockLayouts))('%s', (name, layout: BlockLayout) => {
  const type = name as keyof typeof blockLayouts

  test('reads any bytes to the bit as its specification, weight by weight', () => {
    const random = createMulberry32(packedTypeNumbers[type])
    const blocks = 64
    const packed = Uint8Array.from({ length: blocks * layout.bytes }, () => random() & 255)
    for (let start = 0; start < packed.length; start += layout.bytes) {
      // Half-precision scales stay finite.
      for (const at of type === 'Q6_K' ? [209] : [1, 3]) packed[start + at]! &= 0xbf
    }
    const expected = Float32Array.from(
      Array.from({ length: blocks }, (_, block) => [
        ...readBlock(layout, packed.subarray(block * layout.bytes, (block + 1) * layout.bytes)),
      ]).flat(),
    )
    const read = dequantise(type, packed, blocks * layout.weights)
    expect(new Uint32Array(read.buffer)).toEqual(new Uint32Array(expected.buffer))
  })

  test('comes back near what was packed', () => {
    const values = Float32Array.from({ length: 512 }, (_, i) => Math.sin(i * 1.7) * (1 + i / 512))
    const allowed: Record<typeof type, number> = {
      Q8_0: 0.01,
      Q4_0: 0.15,
      Q4_1: 0.14,
      Q5_0: 0.07,
      Q5_1: 0.07,
      Q4_K: 0.18,
      Q5_K: 0.1,
      Q6_K: 0.05,
    }
    const read = dequantise(type, packTensor(type, values), 512)
    const errors = values.map((value, i) => Math.abs(read[i]! - value))
    expect(Math.max(...errors)).toBeLessThan(allowed[type])
  })

  test('has the number that an independent reader gives it, and the size of its layout', () => {
    expect(parseTensorType(GGMLQuantizationType[type], 't')).toBe(type)
    expect(tensorBytes(type, layout.weights * 3, 't')).toBe(layout.bytes * 3)
  })
})

test('each block has its own scale', () => {
  const blocks = Uint8Array.from([...half(1), ...nibbles, ...half(3), ...nibbles])
  const values = dequantise('Q4_0', blocks, 64)
  expect([values[1], values[33]]).toEqual([-7, -21])
})

test.each(['F16', 'BF16'] as const)('%s comes back near what was packed', (type) => {
  const values = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i * 1.7))
  const read = dequantise(type, packTensor(type, values), 256)
  values.forEach((value, i) => expect(Math.abs(read[i]! - value)).toBeLessThan(type === 'F16' ? 1e-3 : 4e-3))
})

test('half-precision numbers cover sign, subnormals, infinity and NaN', () => {
  expect([0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00].map(readHalfBits)).toEqual([
    1,
    -2,
    2 ** -24,
    65504,
    -Infinity,
  ])
  expect(readHalfBits(0x7e00)).toBeNaN()
})

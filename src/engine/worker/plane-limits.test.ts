import { describe, expect, test } from 'vitest'
import { nextCapacity } from './device-cache.ts'
import { planeBytes } from './device-planes.ts'
import { countPlaces, fitText } from './plane-limits.ts'

const mebibyte = 2 ** 20
/** 4 KiB for each token. */
const wide = { planes: 56, heads: 8, headWidth: 128 }
const small = { planes: 60, heads: 3, headWidth: 64 }
/** What every GPU with WebGPU has. */
const least = { maxBufferSize: 256 * mebibyte, maxStorageBufferBindingSize: 128 * mebibyte }
const roomy = { maxBufferSize: 4096 * mebibyte, maxStorageBufferBindingSize: 2048 * mebibyte }

describe('places in the planes of a step', () => {
  test('are as many as the GPU binds, when all have grown as far as they may', () => {
    expect(countPlaces(least, wide, 4096)).toBe(5)
    expect(countPlaces(roomy, wide, 4096)).toBe(85)
    expect(countPlaces(least, small, 4096)).toBe(28)
  })

  test('are bounded by whichever limit is lower', () => {
    expect(countPlaces({ ...least, maxBufferSize: 48 * mebibyte }, wide, 4096)).toBe(2)
  })

  test.each([1, 255, 256, 257, 3000, 4096])('hold texts of %d tokens however they grew', (tokens) => {
    const places = countPlaces(least, wide, tokens)
    let capacity = 0
    for (let length = 1; length <= tokens; length++) {
      if (length > capacity) capacity = nextCapacity(length, capacity)
      expect(places * planeBytes(wide, capacity)).toBeLessThanOrEqual(least.maxStorageBufferBindingSize)
    }
  })
})

describe('the longest text', () => {
  test('is what the model takes where an answer and its check find room', () => {
    expect(fitText(least, wide, 4096)).toBe(4096)
    expect(fitText(roomy, wide, 131_072)).toBe(131_072)
  })

  test('is shorter where they do not', () => {
    const tokens = fitText(least, wide, 32_768)
    expect(tokens).toBeGreaterThan(10_000)
    expect(countPlaces(least, wide, tokens)).toBe(2)
    expect(countPlaces(least, wide, tokens + 256)).toBe(1)
  })
})

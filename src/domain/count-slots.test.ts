import { describe, expect, test } from 'vitest'
import { countSlots } from './count-slots.ts'

const gibibyte = 2 ** 30
/** SmolLM2 with 135 million weights. */
const small = { weightBytes: 136e6, cacheBytesPerToken: 46_080, contextTokens: 4096, stepPlaces: null }

describe('slots by memory', () => {
  test.each([
    [1, 1],
    [2, 1],
    [4, 2],
    [8, 6],
    [16, 8],
    [64, 8],
  ])('on a computer with %d GiB a small model has %d', (gibibytes, slots) => {
    expect(countSlots({ ...small, memoryBytes: gibibytes * gibibyte })).toBe(slots)
  })

  test('where the browser does not say how much memory there is, little is assumed', () => {
    expect(countSlots({ ...small, memoryBytes: null })).toBe(2)
  })

  test('a longer context leaves room for fewer, a shorter one for more', () => {
    const memoryBytes = 8 * gibibyte
    expect(countSlots({ ...small, memoryBytes, contextTokens: 8192 })).toBe(3)
    expect(countSlots({ ...small, memoryBytes, contextTokens: 1024 })).toBe(8)
  })

  test.each([
    [9, 8],
    [6, 5],
    [2, 1],
    [0, 1],
  ])('where a step has room for %d texts, one of which may be a check, there are %d', (stepPlaces, slots) => {
    expect(countSlots({ ...small, stepPlaces, memoryBytes: 64 * gibibyte })).toBe(slots)
  })

  test('what the program can address bounds them too', () => {
    const large = {
      weightBytes: 2 * gibibyte,
      cacheBytesPerToken: 131_072,
      contextTokens: 4096,
      stepPlaces: null,
    }
    expect(countSlots({ ...large, memoryBytes: 256 * gibibyte })).toBe(2)
    expect(countSlots({ ...large, weightBytes: 3.5 * gibibyte, memoryBytes: 256 * gibibyte })).toBe(1)
  })
})

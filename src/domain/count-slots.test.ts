import { describe, expect, test } from 'vitest'
import { countIdleBytes, countSlots, leastIdleBytes } from './count-slots.ts'

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
    expect(countSlots({ ...small, memoryBytes, contextTokens: 8192 })).toBe(2)
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

describe('memory for caches of answers that ended', () => {
  /** Qwen3 with 0.6 billion weights. */
  const large = { weightBytes: 640e6, cacheBytesPerToken: 229_376, contextTokens: 4096, stepPlaces: null }
  const longest = large.cacheBytesPerToken * large.contextTokens

  test('holds a whole text where there is as much, however its room grew', () => {
    expect(countIdleBytes({ ...large, memoryBytes: 16 * gibibyte })).toBeGreaterThan(1.5 * longest)
  })

  test('leaves an answer what that takes, and is never less than the least', () => {
    const some = countIdleBytes({ ...large, memoryBytes: 8 * gibibyte })
    expect(some).toBeGreaterThan(leastIdleBytes)
    expect(some).toBeLessThan(longest)
    expect(countIdleBytes({ ...large, memoryBytes: 4 * gibibyte })).toBe(leastIdleBytes)
    expect(countIdleBytes({ ...large, memoryBytes: null })).toBe(leastIdleBytes)
  })

  test.each([8, 12, 16, 32, 64])('and all slots take no more than the usable half of %d GiB', (gibibytes) => {
    const there = { ...large, memoryBytes: gibibytes * gibibyte }
    const taken = countIdleBytes(there) + 3 * longest * countSlots(there) + large.weightBytes
    expect(taken).toBeLessThan(there.memoryBytes / 2)
  })
})

import { expect, test } from 'vitest'
import { SliceLength } from './slice-length.ts'

/** Steps of a machine that takes so long for one token, and so much longer for each one more. */
function observe(slices: SliceLength, stepMs: number, tokenMs: number, tokens = 64): void {
  slices.observe(1, stepMs)
  slices.observe(tokens, stepMs + tokenMs * (tokens - 1))
}

test('slices are as long as was seen to be right until their time is known', () => {
  const slices = new SliceLength(31)
  expect(slices.tokens).toBe(31)
  slices.allow(256)
  expect(slices.tokens).toBe(256)
})

test.each([
  ['a quick GPU takes all that is right', 5, 0.1, 256],
  ['a slower one as many as 50 ms allow', 10, 0.5, 80],
  ['a slow one twice the time of a token, for 50 ms are gone with the first', 40, 2, 16],
  ['never fewer than eight', 5, 20, 8],
  ['a token that costs nothing more is no limit', 20, 0, 256],
])('%s', (_name, stepMs, tokenMs, expected) => {
  const slices = new SliceLength(256)
  observe(slices, stepMs, tokenMs)
  expect(slices.tokens).toBe(expected)
})

test('one slow step changes little, a quick one shows what the machine can do', () => {
  const slices = new SliceLength(256)
  observe(slices, 2000, 30)
  expect(slices.tokens).toBeLessThan(80)
  observe(slices, 10, 0.5)
  expect(slices.tokens).toBe(80)
  slices.observe(64, 80)
  expect(slices.tokens).toBeGreaterThanOrEqual(64)
})

test('a machine that has grown slower gets shorter slices, and longer ones again', () => {
  const slices = new SliceLength(256)
  observe(slices, 10, 0.5)
  for (let step = 0; step < 40; step++) observe(slices, 20, 2)
  expect(slices.tokens).toBe(16)
  observe(slices, 10, 0.5)
  expect(slices.tokens).toBe(80)
})

test('work that must have slices of one length gets them, even where it fails', async () => {
  const slices = new SliceLength(31)
  const failing = slices.exactly(200, async () => {
    expect(slices.tokens).toBe(200)
    throw new Error('Enough.')
  })
  await expect(failing).rejects.toThrow('Enough.')
  expect(slices.tokens).toBe(31)
})

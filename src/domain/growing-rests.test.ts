import { expect, test } from 'vitest'
import { GrowingRests } from './growing-rests.ts'

test('each failure in a row doubles the rest, up to the longest', () => {
  const rests = new GrowingRests(10, 35)
  const askedAtMs: number[] = []
  for (let nowMs = 0; nowMs <= 150; nowMs += 5) {
    if (!rests.mayAsk('a', nowMs)) continue
    askedAtMs.push(nowMs)
    rests.failed('a', nowMs)
  }
  expect(askedAtMs).toEqual([0, 10, 30, 65, 100, 135])
  expect(rests.mayAsk('b', 0)).toBe(true)
})

test('a success ends the rest, and the next one is short again', () => {
  const rests = new GrowingRests(10, 1_000)
  for (const nowMs of [0, 10, 30]) rests.failed('a', nowMs)
  rests.succeeded('a')
  expect(rests.mayAsk('a', 31)).toBe(true)
  rests.failed('a', 31)
  expect(rests.mayAsk('a', 41)).toBe(true)
})

import { expect, test } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

test('a burst passes at once, then one has to wait for the rate, and then there is none', () => {
  let nowMs = 0
  const bucket = new TokenBucket({ burst: 3, perSecond: 2, maxWaitMs: 1000 }, () => nowMs)
  const take = (times: number) => Array.from({ length: times }, () => bucket.take())
  expect(take(7)).toEqual([0, 0, 0, 500, 1000, null, null])
  expect(bucket.full).toBe(false)
  nowMs = 500
  expect(take(2)).toEqual([1000, null])
  nowMs = 60_000
  expect(bucket.full).toBe(true)
  expect(take(4)).toEqual([0, 0, 0, 500])
})

test('many tokens are taken at once or not at all', () => {
  let nowMs = 0
  const bucket = new TokenBucket({ burst: 5, perSecond: 2, maxWaitMs: 0 }, () => nowMs)
  expect([bucket.take(4), bucket.take(2), bucket.take()]).toEqual([0, null, 0])
  nowMs = 1_000
  expect([bucket.take(3), bucket.take(2)]).toEqual([null, 0])
})

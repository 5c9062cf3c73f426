import { expect, test } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

test('a burst passes at once, then one has to wait for the rate', () => {
  let nowMs = 0
  const bucket = new TokenBucket(3, 2, () => nowMs)
  expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([0, 0, 0])
  expect([bucket.take(), bucket.take()]).toEqual([500, 1000])
  nowMs = 60_000
  expect([bucket.take(), bucket.take(), bucket.take(), bucket.take()]).toEqual([0, 0, 0, 500])
})

import { expect, test } from 'vitest'
import { StreamQuota } from './stream-quota.ts'

test('each peer has its own places, and gets them back', () => {
  const quota = new StreamQuota(2)
  expect([quota.take('a'), quota.take('a'), quota.take('a')]).toEqual([true, true, false])
  expect(quota.take('b')).toBe(true)
  quota.free('a')
  expect(quota.take('a')).toBe(true)
  expect(quota.take('a')).toBe(false)
})

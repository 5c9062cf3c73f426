import { expect, test } from 'vitest'
import { createSeededRandom } from './seeded-random.ts'
import { systemRandom } from './system-random.ts'

test('the seeded bytes repeat, go on, and differ by seed', () => {
  const [first, same, other] = [createSeededRandom(7), createSeededRandom(7), createSeededRandom(8)]
  const bytes = first.bytes(32)
  expect(same.bytes(32)).toEqual(bytes)
  expect(first.bytes(32)).not.toEqual(bytes)
  expect(other.bytes(32)).not.toEqual(bytes)
  expect(new Set(first.bytes(4096)).size).toBe(256)
})

test('the system fills as many bytes as asked, beyond what it gives at once', () => {
  const bytes = systemRandom.bytes(200_000)
  expect(bytes.length).toBe(200_000)
  expect(new Set(bytes.subarray(-4096)).size).toBe(256)
  expect(systemRandom.bytes(16)).not.toEqual(systemRandom.bytes(16))
})

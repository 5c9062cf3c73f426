import { beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../device/manual-clock.ts'
import { within, withinOrNull } from './within.ts'

let clock: ManualClock

beforeEach(() => {
  clock = new ManualClock()
})

const never = new Promise<string>(() => {})
const tooLate = () => new Error('Too late.')

test('work in time counts, whether it succeeds or fails', async () => {
  expect(await within(10, Promise.resolve('done'), tooLate, clock)).toBe('done')
  await expect(within(10, Promise.reject(new Error('Failed.')), tooLate, clock)).rejects.toThrow('Failed.')
  expect(await withinOrNull(10, Promise.resolve('done'), clock)).toBe('done')
  await expect(withinOrNull(10, Promise.reject(new Error('Failed.')), clock)).rejects.toThrow('Failed.')
})

test('work that takes too long is given up when its time is over, and not before', async () => {
  const outcomes: unknown[] = []
  void within(10, never, tooLate, clock).catch((error: unknown) => outcomes.push(error))
  void withinOrNull(10, never, clock).then((value) => outcomes.push(value))
  await clock.advance(9)
  expect(outcomes).toEqual([])
  await clock.advance(1)
  expect(outcomes).toEqual(expect.arrayContaining([tooLate(), null]))
  expect(outcomes).toHaveLength(2)
})

test('a signal that aborts ends the wait at once', async () => {
  const over = new AbortController()
  const waiting = withinOrNull(10, never, clock, over.signal)
  over.abort()
  expect(await waiting).toBeNull()
})

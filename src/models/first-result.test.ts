import { expect, test } from 'vitest'
import { ManualClock } from '../device/manual-clock.ts'
import { type Ask, firstResult } from './first-result.ts'

const patience = { eachMs: 10, allMs: 100 }
const silent: Ask<string> = () => new Promise(() => {})
const failing = (message: string): Ask<string> => {
  return async () => Promise.reject(new Error(message))
}

test('the next is asked only when the one before has failed', async () => {
  const clock = new ManualClock()
  const asked: string[] = []
  const saying = (name: string): Ask<string> => {
    return async () => {
      asked.push(name)
      return name
    }
  }
  expect(await firstResult([failing('no'), saying('a'), saying('b')], patience, clock)).toBe('a')
  await clock.advance(1_000)
  expect(asked).toEqual(['a'])
})

test('one that keeps silent holds nobody up, and is told to stop', async () => {
  const clock = new ManualClock()
  let isStopped = false
  const watched: Ask<string> = (signal) => {
    signal.addEventListener('abort', () => (isStopped = true))
    return new Promise(() => {})
  }
  const first = firstResult([watched, silent, async () => 'late'], patience, clock)
  await clock.advance(19)
  expect(isStopped).toBe(false)
  await clock.advance(1)
  expect(await first).toBe('late')
  expect(isStopped).toBe(true)
})

test('all together have only so long', async () => {
  const clock = new ManualClock()
  const asked: number[] = []
  const asks = Array.from({ length: 50 }, (_, index): Ask<string> => {
    return () => {
      asked.push(index)
      return new Promise(() => {})
    }
  })
  const first = firstResult(asks, patience, clock).catch((error: unknown) => error)
  await clock.advance(1_000)
  expect(await first).toMatchObject({ code: 'storage/source-failed' })
  expect(asked.length).toBeLessThanOrEqual(11)
})

test('every failure is told, and so is that nobody wants to know any more', async () => {
  const clock = new ManualClock()
  const failed = firstResult([failing('a'), failing('b')], patience, clock)
  await expect(failed).rejects.toMatchObject({ errors: [{ message: 'a' }, { message: 'b' }] })
  const abort = new AbortController()
  const left = firstResult([silent], patience, clock, abort.signal)
  abort.abort(new Error('gone'))
  await expect(left).rejects.toThrow('gone')
  await expect(firstResult([silent], patience, clock, abort.signal)).rejects.toThrow('gone')
})

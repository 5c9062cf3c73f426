import { expect, test } from 'vitest'
import { ManualClock } from '../../src/device/manual-clock.ts'
import { PeerThrottle } from './peer-throttle.ts'

const rate = { burst: 2, perSecond: 1, maxWaitMs: 1_000 }
const limited = { code: 'hub/busy' }

test('a peer that opens lines too fast waits, then is turned away; another is not', async () => {
  const clock = new ManualClock()
  const throttle = new PeerThrottle(rate, 10, clock)
  let opened = 0
  const open = async () => void (opened += 1)
  await throttle.run('fast', open)
  await throttle.run('fast', open)
  const waiting = throttle.run('fast', open)
  await expect(throttle.run('fast', open)).rejects.toMatchObject(limited)
  expect(opened).toBe(2)
  await throttle.run('other', open)
  await clock.advance(1_000)
  await waiting
  expect(opened).toBe(4)
})

test('a peer has so many lines at a time', async () => {
  const throttle = new PeerThrottle({ ...rate, burst: 10 }, 2, new ManualClock())
  const ends = [1, 2].map(() => Promise.withResolvers<void>())
  const lines = ends.map(({ promise }) => throttle.run('peer', () => promise))
  await expect(throttle.run('peer', async () => {})).rejects.toMatchObject(limited)
  ends[0]!.resolve()
  await lines[0]
  await throttle.run('peer', async () => {})
  ends[1]!.resolve()
  await lines[1]
})

import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../device/manual-clock.ts'
import { Pacer } from './pacer.ts'

/** A pacer over driven time, whose steps take as long as they say. */
function pace(share: number) {
  const clock = new ManualClock()
  const pacer = new Pacer(clock)
  pacer.throttle(share)
  const starts: number[] = []
  const step = (ms: number) =>
    pacer.run(async () => {
      starts.push(clock.nowMs())
      await clock.sleep(ms)
    })
  const steps = async (count: number, ms: number) => {
    for (let i = 0; i < count; i++) await step(ms)
  }
  return { clock, pacer, starts, steps }
}

describe('the share of the time', () => {
  test.each([0.1, 0.25, 0.5, 0.9])('%d is kept over many steps', async (share) => {
    let nowMs = 0
    let workedMs = 0
    const pass = async (ms: number) => void (nowMs += ms)
    const pacer = new Pacer({ nowMs: () => nowMs, sleep: pass })
    pacer.throttle(share)
    while (nowMs < 1_000_000) {
      const stepMs = 20 + (nowMs % 60)
      await pacer.run(() => pass(stepMs))
      workedMs += stepMs
    }
    expect(workedMs / nowMs).toBeCloseTo(share, 2)
  })

  test('the whole is never paused', async () => {
    const { clock, starts, steps } = pace(1)
    void steps(60, 50)
    await clock.advance(3_000)
    expect(starts).toHaveLength(60)
    expect(starts[59]).toBe(59 * 50)
  })

  test('steps of unequal length are paid for by what they took', async () => {
    const { clock, pacer, starts } = pace(0.5)
    const step = (ms: number) =>
      pacer.run(async () => {
        starts.push(clock.nowMs())
        await clock.sleep(ms)
      })
    void step(4_000)
      .then(() => step(1_000))
      .then(() => step(10))
    await clock.advance(20_000)
    // Two seconds are free, and a pause is as long as the rest of what went before it.
    expect(starts).toEqual([0, 4_000, 6_000])
  })
})

test('after a rest the first steps come at once', async () => {
  const { clock, starts, steps } = pace(0.1)
  void steps(20, 200)
  await clock.advance(5_000)
  expect(starts.length).toBeLessThan(20)
  await clock.advance(60_000)
  const rested = starts.length
  void steps(10, 200)
  await clock.advance(2_000)
  expect([rested, starts.length]).toEqual([20, 30])
})

test('a new share ends a pause that the old one asked for', async () => {
  const { clock, pacer, starts, steps } = pace(0.1)
  void steps(2, 3_000)
  await clock.advance(4_000)
  expect(starts).toHaveLength(1)
  pacer.throttle(1)
  await clock.advance(0)
  expect(starts).toEqual([0, 4_000])
})

test('no pause is longer than half a minute, and what remains of it is forgiven', async () => {
  const { clock, starts, steps } = pace(0.1)
  void steps(2, 20_000)
  await clock.advance(60_000)
  expect(starts).toEqual([0, 50_000])
})

test('a step that fails is counted, and its error comes through', async () => {
  const { clock, pacer, starts, steps } = pace(0.5)
  const failing = pacer.run(async () => {
    await clock.sleep(6_000)
    throw new Error('lost')
  })
  void failing.catch(() => steps(1, 10))
  await clock.advance(6_000)
  await expect(failing).rejects.toThrow('lost')
  await clock.advance(2_000)
  expect(starts).toEqual([8_000])
})

test('its own clock stands still during pauses', async () => {
  const { clock, pacer, steps } = pace(0.5)
  const done = steps(4, 2_000)
  await clock.advance(60_000)
  await done
  expect(pacer.workMs()).toBe(60_000 - 2_000)
})

import { expect, test } from 'vitest'
import { ManualClock } from './manual-clock.ts'

test('wakes sleepers in the order they fall due, at their time', async () => {
  const clock = new ManualClock(1000)
  const woken: [name: string, nowMs: number][] = []
  const sleep = (name: string, ms: number) => clock.sleep(ms).then(() => woken.push([name, clock.nowMs()]))
  void sleep('late', 30)
  void sleep('early', 10)
  await clock.advance(20)
  expect(woken).toEqual([['early', 1010]])
  expect(clock.nowMs()).toBe(1020)
  await clock.advance(20)
  expect(woken.at(-1)).toEqual(['late', 1030])
})

test('wakes who goes to sleep again on the way', async () => {
  const clock = new ManualClock()
  let rounds = 0
  const tick = async () => {
    for (;;) {
      await clock.sleep(10)
      rounds += 1
    }
  }
  void tick()
  await clock.advance(55)
  expect(rounds).toBe(5)
})

test('a sleep ends with the reason of its signal', async () => {
  const clock = new ManualClock()
  const controller = new AbortController()
  const sleeping = clock.sleep(10, controller.signal)
  controller.abort('enough')
  await expect(sleeping).rejects.toBe('enough')
  await expect(clock.sleep(10, controller.signal)).rejects.toBe('enough')
  await clock.advance(20)
})

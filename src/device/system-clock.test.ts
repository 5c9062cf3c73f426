import { expect, test } from 'vitest'
import { systemClock } from './system-clock.ts'

test('sleeps, and wakes early with the reason of its signal', async () => {
  await systemClock.sleep(1)
  const controller = new AbortController()
  const sleeping = systemClock.sleep(60_000, controller.signal)
  controller.abort('enough')
  await expect(sleeping).rejects.toBe('enough')
  await expect(systemClock.sleep(60_000, controller.signal)).rejects.toBe('enough')
})

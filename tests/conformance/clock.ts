import type { Clock } from '../../src/ports/clock.ts'
import { assert, assertRejects, type ConformanceCase } from './case.ts'

/** A clock and a way to let its time pass. */
export type ClockSubject = {
  clock: Clock
  /** Lets this much of the clock's own time pass. */
  pass(ms: number): Promise<void>
}

/** What every `Clock` keeps to. */
export const clockCases: ConformanceCase<ClockSubject>[] = [
  {
    name: 'goes forward while time passes',
    async run({ clock, pass }) {
      const before = clock.nowMs()
      await pass(20)
      assert(clock.nowMs() >= before + 19, 'time has passed')
    },
  },
  {
    name: 'wakes a sleeper no sooner than asked',
    async run({ clock, pass }) {
      const before = clock.nowMs()
      let wokenMs = 0
      const sleeping = clock.sleep(20).then(() => (wokenMs = clock.nowMs()))
      await pass(40)
      await sleeping
      assert(wokenMs >= before + 19, 'it slept as long as asked')
    },
  },
  {
    name: 'wakes a sleeper with the reason of its signal',
    async run({ clock, pass }) {
      const alarm = new AbortController()
      const sleeping = assertRejects(clock.sleep(60_000, alarm.signal), 'test/alarm')
      await pass(1)
      alarm.abort(Object.assign(new Error('alarm'), { code: 'test/alarm' }))
      await sleeping
    },
  },
  {
    name: 'does not fall asleep on a signal that has aborted',
    async run({ clock }) {
      const reason = Object.assign(new Error('alarm'), { code: 'test/alarm' })
      await assertRejects(clock.sleep(60_000, AbortSignal.abort(reason)), 'test/alarm')
    },
  },
]

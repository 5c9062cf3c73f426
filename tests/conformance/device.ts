import type { DeviceState } from '../../src/domain/device.ts'
import type { Device } from '../../src/ports/device.ts'
import { assert, assertEqual, type ConformanceCase } from './case.ts'

/** A device, and something that happens to it. */
export type DeviceSubject = { device: Device; touch(): void | Promise<void> }

const grades = ['nominal', 'fair', 'serious', 'critical', 'unknown']

/** What every `Device` keeps to. */
export const deviceCases: ConformanceCase<DeviceSubject>[] = [
  {
    name: 'says what it knows, and that it does not know the rest',
    async run({ device }) {
      const { power, batteryLevel, pressure, computerUse, utcOffsetMinutes } = device.state()
      assert(['mains', 'battery', 'unknown'].includes(power), 'power')
      assert(batteryLevel === 'unknown' || (batteryLevel >= 0 && batteryLevel <= 1), 'battery level')
      assert(grades.includes(pressure), 'pressure')
      assert(['active', 'idle', 'unknown'].includes(computerUse), 'use of the computer')
      assert(Math.abs(utcOffsetMinutes) <= 14 * 60, 'offset of its time')
    },
  },
  {
    name: 'tells a watcher its state at once',
    async run({ device }) {
      const told: DeviceState[] = []
      const stop = device.watch((state) => told.push(state))
      assertEqual(told[0], device.state(), 'the first state')
      stop()
    },
  },
  {
    name: 'tells watchers of input until they leave',
    async run({ device, touch }) {
      let calls = 0
      const stop = device.watch(() => calls++)
      const before = calls
      await touch()
      assert(calls > before, 'input was told')
      assert(device.state().lastInputMs !== null, 'input was kept')
      stop()
      const left = calls
      await touch()
      assertEqual(calls, left, 'calls after leaving')
    },
  },
  {
    name: 'asks to see the use of the computer, and says what came of it',
    async run({ device }) {
      await device.askForComputerUse()
      assert(['active', 'idle', 'unknown'].includes(device.state().computerUse), 'use of the computer')
    },
  },
]

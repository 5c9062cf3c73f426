import type { DeviceState } from '../domain/device.ts'
import type { Clock } from '../ports/clock.ts'
import type { Device } from '../ports/device.ts'
import {
  type Learn,
  askForComputerUse,
  watchBattery,
  watchComputerUse,
  watchInput,
  watchPressure,
} from './browser-sensors.ts'

/** Returns the machine of this page, watched for as long as the page lives. It asks for no permission by itself. */
export function createBrowserDevice(clock: Pick<Clock, 'nowMs'>): Device {
  const listeners = new Set<(state: DeviceState) => void>()
  let known: Omit<DeviceState, 'utcOffsetMinutes'> = {
    power: 'unknown',
    batteryLevel: 'unknown',
    pressure: 'unknown',
    lastInputMs: null,
    computerUse: 'unknown',
    isHandheld: matchMedia('(pointer: coarse) and (hover: none)').matches,
  }
  // Summer time begins while a page is open.
  const state = (): DeviceState => ({
    ...known,
    utcOffsetMinutes: -new Date(clock.nowMs()).getTimezoneOffset(),
  })
  const learn: Learn = (change) => {
    known = { ...known, ...change }
    for (const listener of listeners) listener(state())
  }

  watchInput(() => learn({ lastInputMs: clock.nowMs() }))
  // What fails here is as unknown as what is missing.
  for (const watch of [watchBattery, watchPressure, watchComputerUse]) watch(learn).catch(() => {})

  return {
    state,
    watch(onState) {
      listeners.add(onState)
      onState(state())
      return () => listeners.delete(onState)
    },
    async askForComputerUse() {
      if (known.computerUse === 'unknown') await askForComputerUse(learn).catch(() => {})
    },
  }
}

import { createBrowserDevice } from '../../src/device/browser-device.ts'
import { systemClock } from '../../src/device/system-clock.ts'
import type { DeviceState } from '../../src/domain/device.ts'
import { deviceCases } from '../conformance/device.ts'

/** Runs one case of the device suite on this page's own machine. */
export async function runDeviceCase(index: number): Promise<void> {
  const touch = () => void dispatchEvent(new PointerEvent('pointerdown'))
  await deviceCases[index]?.run({ device: createBrowserDevice(systemClock), touch })
}

let device = createBrowserDevice(systemClock)

export const readState = (): DeviceState => device.state()

/** Puts a battery, a pressure gauge and an idle detector of our own in place of the browser's. */
export async function fakeSensors(granted: boolean): Promise<void> {
  const battery = Object.assign(new EventTarget(), { charging: false, level: 0.42 })
  const detector = Object.assign(new EventTarget(), {
    userState: 'active',
    screenState: 'locked',
    async start() {
      detector.dispatchEvent(new Event('change'))
    },
  })
  class Observer {
    readonly onRecords: (records: { state: string }[]) => void
    constructor(onRecords: (records: { state: string }[]) => void) {
      this.onRecords = onRecords
    }
    async observe() {
      this.onRecords([{ state: 'nominal' }, { state: 'serious' }])
    }
  }
  Object.assign(navigator, { getBattery: async () => battery })
  Object.assign(globalThis, {
    PressureObserver: Observer,
    IdleDetector: function () {
      return detector
    },
  })
  navigator.permissions.query = async () => ({ state: granted ? 'granted' : 'prompt' }) as PermissionStatus
  device = createBrowserDevice(systemClock)
  await new Promise((resolve) => setTimeout(resolve))
}

/** A browser that has none of them. */
export function removeSensors(): void {
  Object.assign(navigator, { getBattery: undefined })
  Object.assign(globalThis, { PressureObserver: undefined, IdleDetector: undefined })
  device = createBrowserDevice(systemClock)
}

import { createBrowserDevice } from '../../src/device/browser-device.ts'
import { systemClock } from '../../src/device/system-clock.ts'
import type { DeviceState, Pressure } from '../../src/domain/device.ts'
import { deviceCases } from '../conformance/device.ts'

/** Runs one case of the device suite on this page's own machine. */
export async function runDeviceCase(index: number): Promise<void> {
  const touch = () => void dispatchEvent(new PointerEvent('pointerdown'))
  await deviceCases[index]?.run({ device: createBrowserDevice(systemClock), touch })
}

let device = createBrowserDevice(systemClock)

export const readState = (): DeviceState => device.state()

/** What a watcher was told, the first state left out. */
const told: DeviceState[] = []
let stop = () => {}

export function watchState(): void {
  stop = device.watch((state) => told.push(state))
  told.length = 0
}

export const stopWatching = (): void => stop()
export const readTold = (): DeviceState[] => told

const battery = Object.assign(new EventTarget(), { charging: false, level: 0.42 })
const detector = Object.assign(new EventTarget(), {
  userState: 'active',
  screenState: 'locked',
  async start() {
    detector.dispatchEvent(new Event('change'))
  },
})
let onRecords: (records: { state: Pressure }[]) => void = () => {}

/** Puts a battery, a pressure gauge and an idle detector of our own in place of the browser's. */
export async function fakeSensors(granted: boolean): Promise<void> {
  let permission = granted ? 'granted' : 'prompt'
  class Observer {
    constructor(onObserved: typeof onRecords) {
      onRecords = onObserved
    }
    async observe() {
      onRecords([{ state: 'nominal' }, { state: 'serious' }])
    }
  }
  const openDetector = function () {
    return detector
  }
  const requestPermission = async () => (permission = 'granted')
  Object.assign(navigator, { getBattery: async () => battery })
  Object.assign(globalThis, {
    PressureObserver: Observer,
    IdleDetector: Object.assign(openDetector, { requestPermission }),
  })
  navigator.permissions.query = async () => ({ state: permission }) as PermissionStatus
  device = createBrowserDevice(systemClock)
  await new Promise((resolve) => setTimeout(resolve))
}

export function changeBattery(event: string, change: Partial<{ charging: boolean; level: number }>): void {
  Object.assign(battery, change).dispatchEvent(new Event(event))
}

export const changePressure = (grades: Pressure[]): void => onRecords(grades.map((state) => ({ state })))

export function changeUse(change: Partial<{ userState: string; screenState: string }>): void {
  Object.assign(detector, change).dispatchEvent(new Event('change'))
}

export const askForComputerUse = (): Promise<void> => device.askForComputerUse()

/** An event on this page, `atMs` after it was opened. */
export function input(type: string, atMs: number): void {
  dispatchEvent(happening(type, atMs))
}

export function showPage(visibilityState: DocumentVisibilityState, atMs: number): void {
  Object.defineProperty(document, 'visibilityState', { value: visibilityState, configurable: true })
  document.dispatchEvent(happening('visibilitychange', atMs))
}

const happening = (type: string, timeStamp: number) =>
  Object.defineProperty(new Event(type), 'timeStamp', { value: timeStamp })

/** A browser that has none of them. */
export function removeSensors(): void {
  Object.assign(navigator, { getBattery: undefined })
  Object.assign(globalThis, { PressureObserver: undefined, IdleDetector: undefined })
  device = createBrowserDevice(systemClock)
}

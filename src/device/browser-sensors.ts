import type { DeviceState, Pressure } from '../domain/device.ts'

/** Takes what a sensor found out. */
export type Learn = (change: Partial<DeviceState>) => void

/** Battery Status API. */
type Battery = EventTarget & { charging: boolean; level: number }
/** Compute Pressure API. */
type PressureRecord = { state: Pressure }
type PressureObserver = { observe(source: 'cpu', options: { sampleInterval: number }): Promise<void> }
/** Idle Detection API. */
type IdleDetector = EventTarget & {
  userState: 'active' | 'idle' | null
  screenState: 'locked' | 'unlocked' | null
  start(options: { threshold: number }): Promise<void>
}

/** What TypeScript's own page types leave out, because not every browser has it. */
type Sensors = {
  PressureObserver?: new (onRecords: (records: PressureRecord[]) => void) => PressureObserver
  IdleDetector?: { new (): IdleDetector; requestPermission(): Promise<PermissionState> }
  navigator: { getBattery?(): Promise<Battery> }
}

const sensors = globalThis as unknown as Sensors

const pressureSampleMs = 2_000
/** The shortest that browsers take. */
const idleThresholdMs = 60_000
/** Moving a pointer makes hundreds of events a second. */
const inputEveryMs = 1_000

/** Learns where power comes from. A machine without a battery says that it charges, and is full. */
export async function watchBattery(learn: Learn): Promise<void> {
  const battery = await sensors.navigator.getBattery?.()
  if (!battery) return
  const read = () => learn({ power: battery.charging ? 'mains' : 'battery', batteryLevel: battery.level })
  for (const type of ['chargingchange', 'levelchange']) battery.addEventListener(type, read)
  read()
}

/** Learns how hard the processor works. */
export async function watchPressure(learn: Learn): Promise<void> {
  if (!sensors.PressureObserver) return
  const observer = new sensors.PressureObserver((records) => {
    const last = records.at(-1)
    if (last) learn({ pressure: last.state })
  })
  await observer.observe('cpu', { sampleInterval: pressureSampleMs })
}

/** Learns whether somebody uses the computer, where that was permitted before. */
export async function watchComputerUse(learn: Learn): Promise<void> {
  if (!sensors.IdleDetector) return
  const permission = await navigator.permissions.query({ name: 'idle-detection' as PermissionName })
  if (permission.state !== 'granted') return
  const detector = new sensors.IdleDetector()
  detector.addEventListener('change', () => {
    const isIdle = detector.userState === 'idle' || detector.screenState === 'locked'
    learn({ computerUse: isIdle ? 'idle' : 'active' })
  })
  await detector.start({ threshold: idleThresholdMs })
}

/** Asks the person for what `watchComputerUse` needs, where that was not answered before. */
export async function askForComputerUse(learn: Learn): Promise<void> {
  if ((await sensors.IdleDetector?.requestPermission()) === 'granted') await watchComputerUse(learn)
}

/** Calls back when somebody does something on this page, or comes back to it. */
export function watchInput(onInput: () => void): void {
  let quietUntilMs = 0
  const onEvent = ({ timeStamp }: Event) => {
    if (timeStamp < quietUntilMs) return
    quietUntilMs = timeStamp + inputEveryMs
    onInput()
  }
  for (const type of ['pointerdown', 'pointermove', 'keydown', 'wheel']) {
    addEventListener(type, onEvent, { capture: true, passive: true })
  }
  document.addEventListener('visibilitychange', (event) => {
    if (document.visibilityState === 'visible') onEvent(event)
  })
}

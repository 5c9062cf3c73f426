import type { DeviceState } from '../domain/device.ts'

/** The machine that this page runs on, as far as a page may know it. */
export interface Device {
  /** What is known now. */
  state(): DeviceState
  /** Calls back at once, and whenever something has changed. Returns an unsubscribe. */
  watch(onState: (state: DeviceState) => void): () => void
}

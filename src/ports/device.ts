import type { DeviceState } from '../domain/device.ts'

/** The machine that this page runs on, as far as a page may know it. */
export interface Device {
  /** What is known now. */
  state(): DeviceState
  /** Calls back at once, and whenever something has changed. Returns an unsubscribe. */
  watch(onState: (state: DeviceState) => void): () => void
  /**
   * Asks the person to let this page know whether the computer is used, where the browser can tell. To be called while
   * a press is handled. Whatever comes of it is told to watchers.
   */
  askForComputerUse(): Promise<void>
}

import type { DeviceState } from '../domain/device.ts'
import type { Device } from '../ports/device.ts'

/** A desktop computer that nobody touches. */
const calm: DeviceState = {
  power: 'mains',
  batteryLevel: 1,
  pressure: 'nominal',
  lastInputMs: null,
  computerUse: 'unknown',
  isHandheld: false,
  utcOffsetMinutes: 0,
}

/** A machine to which happens what a test says. */
export class ManualDevice implements Device {
  #state: DeviceState
  readonly #listeners = new Set<(state: DeviceState) => void>()

  constructor(state: Partial<DeviceState> = {}) {
    this.#state = { ...calm, ...state }
  }

  state(): DeviceState {
    return this.#state
  }

  watch(onState: (state: DeviceState) => void): () => void {
    this.#listeners.add(onState)
    onState(this.#state)
    return () => this.#listeners.delete(onState)
  }

  async askForComputerUse(): Promise<void> {
    if (this.#state.computerUse === 'unknown') this.set({ computerUse: 'active' })
  }

  /** Tells watchers that something has changed. */
  set(change: Partial<DeviceState>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener(this.#state)
  }
}

import type { PreparedStore } from './prepared-store.ts'
import type { RunStep, RuntimeFiles } from './runtime.ts'

/** What loading needs from the place it runs in. */
export type LoadPlace = {
  /** Runs each step of the model, when it sees fit. */
  runStep: RunStep
  /** A clock that stands still while a step waits to be run. */
  nowMs(): number
  fetchRuntime(signal: AbortSignal): Promise<RuntimeFiles>
  prepared: PreparedStore
}

import type { Hex } from '../../domain/bytes.ts'
import type { EarlyModel } from './early-model.ts'
import type { PreparedStore } from './prepared-store.ts'
import type { RuntimeInput } from './model-calls.ts'
import type { Runtime, RunStep, RuntimeFiles } from './runtime.ts'

/** A runtime, and what identifies its arithmetic. */
export type StartedRuntime = { runtime: Runtime; arithmeticId(arithmetic: string): Promise<Hex> }

/** A runtime that is started before its model is there. */
export type EarlyRuntime = { input: RuntimeInput; starting: Promise<StartedRuntime> }

/** What loading needs from the place it runs in. */
export type LoadPlace = {
  /** Runs each step of the model, when it sees fit. */
  runStep: RunStep
  /** A clock that stands still while a step waits to be run. */
  nowMs(): number
  runtimeFiles: RuntimeFiles
  /** The runtime that was started before, if any. */
  early?: EarlyRuntime | undefined
  /** The model that was begun before all of it was there, if any. */
  earlyModel?: EarlyModel | undefined
  prepared: PreparedStore
  /** Which build of which browser compiles the runtime's program for this machine. */
  browser: string
}

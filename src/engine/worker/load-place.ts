import type { LoadProgress } from '../../ports/engine.ts'
import type { LanguageModel } from '../decode/sequence.ts'
import type { LoadInput, LoadOutput } from './model-calls.ts'
import type { PreparedStore } from './prepared-store.ts'
import type { RunStep, RuntimeFiles } from './runtime.ts'
import type { StartedRuntime } from './start-runtime.ts'

/** What loading needs from the place it runs in. */
export type LoadPlace = {
  /** Runs each step of the model, when it sees fit. */
  runStep: RunStep
  /** A clock that stands still while a step waits to be run. */
  nowMs(): number
  fetchRuntime(signal: AbortSignal): Promise<RuntimeFiles>
  prepared: PreparedStore
}

/** A model that is compiled and not yet tested. */
export type OpenedModel = {
  model: LanguageModel
  facts: Omit<LoadOutput, 'backend' | 'contextTokens' | 'tokensPerSecond'>
  /** Gives back what only loading needed; resolves once later visits find what was prepared. */
  release(): Promise<void>
}

/** Opens the files of a model in one format. */
export type OpenModel = (
  input: LoadInput,
  starting: Promise<StartedRuntime>,
  place: LoadPlace,
  onProgress: (progress: LoadProgress) => void,
  signal: AbortSignal,
) => Promise<OpenedModel>

import type { LoadProgress } from '../../ports/engine.ts'
import type { LanguageModel } from '../decode/sequence.ts'
import type { LoadPlace } from './load-place.ts'
import type { LoadInput, LoadOutput } from './model-calls.ts'
import type { StartedRuntime } from './start-runtime.ts'

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

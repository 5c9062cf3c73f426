import type { LoadProgress } from '../../ports/engine.ts'
import type { SliceLength } from '../decode/slice-length.ts'
import type { LanguageModel } from '../decode/sequence.ts'
import type { LoadPlace, StartedRuntime } from './load-place.ts'
import type { LoadInput, LoadOutput } from './model-calls.ts'

/** A model that is compiled and not yet tested. */
export type OpenedModel = {
  model: LanguageModel
  /** How long slices are, where that is to be found out. */
  slices?: SliceLength | undefined
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

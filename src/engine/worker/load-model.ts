import type { LoadProgress } from '../../ports/engine.ts'
import type { LanguageModel } from '../decode/sequence.ts'
import { isFolder } from '../folder/folder-files.ts'
import { openFolder } from '../folder/open-folder.ts'
import { recipes } from '../graph/recipe.ts'
import type { LoadInput, LoadOutput } from './model-calls.ts'
import type { LoadPlace } from './load-place.ts'
import { openFile } from './open-file.ts'
import { keyOfPrepared } from './prepare-model.ts'
import type { Runtime } from './runtime.ts'
import { selfTest } from './self-test.ts'
import { startRuntime } from './start-runtime.ts'

/** A model that passed its known answer; `lost` resolves when the GPU is. */
export type RunningModel = { model: LanguageModel; facts: LoadOutput; lost: Runtime['lost'] }

/** Reads, prepares, compiles and tests a model. */
export async function loadModel(
  input: LoadInput,
  place: LoadPlace,
  onProgress: (progress: LoadProgress) => void,
  signal: AbortSignal,
): Promise<RunningModel> {
  onProgress({ stage: 'read', fraction: 0 })
  // The runtime starts while the files are read and their weights are prepared.
  const starting = startRuntime(input, place)
  starting.catch(() => {})
  const noted = place.prepared.passed(keyOfPrepared(input.model.id, input.recipe))
  const open = isFolder(input.model.manifest) ? openFolder : openFile
  const opened = await open(input, starting, place, onProgress, signal)
  const { model, facts } = opened
  try {
    onProgress({ stage: 'compile', fraction: 1 })
    signal.throwIfAborted()
    onProgress({ stage: 'self-test', fraction: 0 })
    const { lost } = (await starting).runtime
    // A GPU that is lost may go on with numbers that mean nothing: they are not the model's fault.
    const ended = lost.then((error) => Promise.reject(error))
    const tokensPerSecond = await Promise.race([ended, selfTest(opened, noted, input, place, signal)])
    onProgress({ stage: 'self-test', fraction: 1 })
    const { backend } = recipes[input.recipe]
    return { model, facts: { ...facts, backend, contextTokens: model.contextTokens, tokensPerSecond }, lost }
  } finally {
    await opened.release()
  }
}

import type { ModelId } from '../../domain/model.ts'
import type { VerifiedModel } from '../../ports/engine.ts'
import type { ReadableFile } from '../gguf/readable-file.ts'
import type { RecipeName } from '../graph/recipe.ts'
import { findWeights, type FoundWeights } from './find-weights.ts'
import { type ModelPlan, planModel } from './plan-model.ts'
import type { PreparedStore } from './prepared-store.ts'

/** A model that can be compiled. */
export type PreparedModel = { plan: ModelPlan; found: FoundWeights }

/** A GGUF model, and what becomes of it. */
type PrepareInput = {
  model: Omit<VerifiedModel, 'files'> & { files: ReadableFile[] }
  recipe: RecipeName
}

/** Returns the key under which a model's prepared weights are kept. */
export function keyOfPrepared(id: ModelId, recipe: RecipeName): string {
  return `${id}-${recipe}`
}

/**
 * Builds the graph of a GGUF model, and prepares its weights or finds them prepared. `onProgress` hears 0 once the graph
 * is built.
 *
 * @throws EngineError `engine/malformed-model`, `engine/unsupported-model`, `engine/load-failed`, `engine/out-of-memory`
 */
export async function prepareModel(
  { model: { id, manifest, files }, recipe }: PrepareInput,
  prepared: PreparedStore,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<PreparedModel> {
  const key = keyOfPrepared(id, recipe)
  // What is kept can be checked before anything of the model is there.
  const finding = prepared.find(key)
  try {
    const plan = await planModel(manifest, files, recipe)
    const { graph, tensors } = plan
    const found = await findWeights(key, prepared, finding, graph, tensors, onProgress, signal)
    return { plan, found }
  } catch (error) {
    void finding.then((weights) => weights?.close())
    throw error
  }
}

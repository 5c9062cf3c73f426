import type { ModelId } from '../../domain/model.ts'
import { EngineError } from '../../errors/index.ts'
import type { ComingModel } from '../../ports/engine.ts'
import { TooShort } from '../gguf/byte-reader.ts'
import { readGgufHead } from '../gguf/read-gguf.ts'
import type { ReadableFile } from '../gguf/readable-file.ts'
import { openTensors, type TensorSource } from '../gguf/tensor-source.ts'
import type { BuiltGraph } from '../graph/graph-builder.ts'
import type { RecipeName } from '../graph/recipe.ts'
import { buildGraph, type ModelPlan, planModel } from './plan-model.ts'
import { prepareWeights } from './prepare-weights.ts'
import type { KeptGraph, PreparedStore } from './prepared-store.ts'
import { nameRuntimeError } from './runtime-error.ts'
import type { NewWeights } from './weights.ts'

/** A model that can be compiled: its plan, the ONNX graph, and the weights that lie beside it. */
export type PreparedModel = ModelPlan &
  KeptGraph & {
    /** Whether an earlier visit prepared it. */
    fromCache: boolean
    /** Resolves when later visits will find it, or never can; the weights must stay open until then. */
    kept: Promise<void>
  }

/** A GGUF model, and what becomes of it. */
type PrepareInput = {
  model: ComingModel & { files: ReadableFile[] }
  recipe: RecipeName
}

/** Returns the key under which a model's graph and weights are kept. */
export function keyOfPrepared(id: ModelId, recipe: RecipeName): string {
  return `${id}-${recipe}`
}

/**
 * Returns a GGUF model as an earlier visit prepared it, where `finding` comes to that; only the head of its file is read
 * then. Otherwise builds its graph and prepares its weights. `onProgress` hears 0 once the graph is there.
 *
 * @throws EngineError `engine/incomplete-model` when files are needed that end too early, `engine/malformed-model`,
 * `engine/unsupported-model`, `engine/load-failed`, `engine/out-of-memory`
 */
export async function prepareModel(
  { model: { id, manifest, files }, recipe }: PrepareInput,
  store: Pick<PreparedStore, 'create'>,
  finding: Promise<KeptGraph | null>,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<PreparedModel> {
  // A file that still arrives has the size that it will have.
  const isWhole = manifest.files.every(({ bytes }, index) => (files[index]?.size ?? 0) >= bytes)
  try {
    const head = await readGgufHead(files[0]!).catch((error: unknown) => {
      throw error instanceof TooShort && !isWhole ? incompleteModel() : error
    })
    const plan = planModel(manifest, head)
    const found = await finding
    if (found) {
      onProgress(1)
      return { ...plan, ...found, fromCache: true, kept: Promise.resolve() }
    }
    if (!isWhole) throw incompleteModel()
    const tensors = openTensors(head, files[0]!)
    const built = await buildGraph(plan, manifest, files, recipe)
    onProgress(0)
    const creating = store.create(keyOfPrepared(id, recipe), built.weightBytes)
    const weights = await fillWeights(built, tensors, creating, onProgress, signal)
    return { ...plan, graph: built.model, weights, fromCache: false, kept: weights.keep(built.model) }
  } catch (error) {
    void finding.then((found) => found?.weights.close())
    throw error
  }
}

/** Whoever has the rest of the files tries again with them. */
export function incompleteModel(): EngineError {
  return new EngineError('engine/incomplete-model', 'The files of the model are not all here.')
}

async function fillWeights(
  graph: BuiltGraph,
  tensors: TensorSource,
  creating: Promise<NewWeights>,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<NewWeights> {
  try {
    await prepareWeights(graph, tensors, creating, onProgress, signal)
    return await creating
  } catch (error) {
    await creating.then(
      (weights) => weights.close(),
      () => {},
    )
    throw nameRuntimeError(error, 'engine/load-failed', 'The weights could not be prepared.')
  }
}

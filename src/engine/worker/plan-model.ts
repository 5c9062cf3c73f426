import type { ModelManifest } from '../../domain/model.ts'
import type { ReadableFile } from '../gguf/readable-file.ts'
import { openGguf, type TensorSource } from '../gguf/tensor-source.ts'
import type { BuiltGraph } from '../graph/graph-builder.ts'
import type { ModelConfig } from '../graph/model-config.ts'
import { readModelConfig } from '../graph/read-model-config.ts'
import { type RecipeName, recipes } from '../graph/recipe.ts'
import { noSmoothing, type Smoothing } from '../graph/smoothing.ts'
import { parseSmoothing } from '../graph/smoothing-file.ts'
import { buildTransformerGraph } from '../graph/transformer-graph.ts'

/** The graph of a GGUF file, and where its tensors lie. */
export type ModelPlan = {
  tensors: TensorSource
  config: ModelConfig
  contextTokens: number
  graph: BuiltGraph
}

/** Each position takes a row of the rotary tables; the cache of so many tokens fits into no tab anyway. */
const mostContextTokens = 2 ** 17

/**
 * Reads the head of a model's file, and builds the graph. `files` are in the manifest's order.
 *
 * @throws EngineError `engine/malformed-model`, `engine/unsupported-model`
 */
export async function planModel(
  manifest: ModelManifest,
  files: ReadableFile[],
  recipe: RecipeName,
): Promise<ModelPlan> {
  const tensors = await openGguf(files[0]!)
  const config = readModelConfig(tensors)
  const contextTokens = Math.min(manifest.contextTokens, config.contextTokens, mostContextTokens)
  const smoothing = await readSmoothing(manifest, files)
  const graph = buildTransformerGraph(config, recipes[recipe], contextTokens, { smoothing })
  return { tensors, config, contextTokens, graph }
}

/** @throws EngineError `engine/malformed-model` */
async function readSmoothing(manifest: ModelManifest, files: ReadableFile[]): Promise<Smoothing> {
  const file = files[manifest.files.findIndex(({ path }) => path === manifest.smoothing)]
  return file ? parseSmoothing(new Uint8Array(await file.slice(0, file.size).arrayBuffer())) : noSmoothing
}

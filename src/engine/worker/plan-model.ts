import type { ModelManifest } from '../../domain/model.ts'
import type { Metadata } from '../gguf/metadata.ts'
import type { GgufHead } from '../gguf/read-gguf.ts'
import type { ReadableFile } from '../gguf/readable-file.ts'
import type { BuiltGraph } from '../graph/graph-builder.ts'
import type { ModelConfig } from '../graph/model-config.ts'
import { readModelConfig } from '../graph/read-model-config.ts'
import { type RecipeName, recipes } from '../graph/recipe.ts'
import { noSmoothing, type Smoothing } from '../graph/smoothing.ts'
import { parseSmoothing } from '../graph/smoothing-file.ts'
import { buildTransformerGraph } from '../graph/transformer-graph.ts'

/** What a GGUF model is, as its head and its manifest tell. */
export type ModelPlan = { metadata: Metadata; config: ModelConfig; contextTokens: number }

/** Each position takes a row of the rotary tables; the cache of so many tokens fits into no tab anyway. */
const mostContextTokens = 2 ** 17

/** @throws EngineError `engine/malformed-model`, `engine/unsupported-model` */
export function planModel({ contextTokens }: ModelManifest, head: GgufHead): ModelPlan {
  const config = readModelConfig(head)
  return {
    metadata: head.metadata,
    config,
    contextTokens: Math.min(contextTokens, config.contextTokens, mostContextTokens),
  }
}

/**
 * Builds the graph of a planned model. `files` are in the manifest's order.
 *
 * @throws EngineError `engine/malformed-model`, `engine/unsupported-model`
 */
export async function buildGraph(
  { config, contextTokens }: ModelPlan,
  manifest: ModelManifest,
  files: ReadableFile[],
  recipe: RecipeName,
): Promise<BuiltGraph> {
  const smoothing = await readSmoothing(manifest, files)
  return buildTransformerGraph(config, recipes[recipe], contextTokens, { smoothing })
}

/** @throws EngineError `engine/malformed-model` */
async function readSmoothing(manifest: ModelManifest, files: ReadableFile[]): Promise<Smoothing> {
  const file = files[manifest.files.findIndex(({ path }) => path === manifest.smoothing)]
  return file ? parseSmoothing(new Uint8Array(await file.slice(0, file.size).arrayBuffer())) : noSmoothing
}

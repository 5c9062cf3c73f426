import type { VerifiedModel } from '../../ports/engine.ts'
import type { LanguageModel } from '../decode/sequence.ts'
import { openGguf, type TensorSource } from '../gguf/tensor-source.ts'
import type { BuiltGraph } from '../graph/graph-builder.ts'
import { countCacheBytes, type ModelConfig, readModelConfig } from '../graph/model-config.ts'
import { buildTransformerGraph } from '../graph/transformer-graph.ts'
import { recipes } from '../graph/recipe.ts'
import { noSmoothing, type Smoothing } from '../graph/smoothing.ts'
import { parseSmoothing } from '../graph/smoothing-file.ts'
import { createTokenBytes } from '../text/token-bytes.ts'
import { readVocabulary } from '../text/vocabulary.ts'
import { type CompiledModel, compileModel } from './compile-model.ts'
import { findWeights } from './find-weights.ts'
import type { OpenModel } from './open-model.ts'
import type { LoadInput } from './model-calls.ts'

/** Builds the graph of a GGUF file, prepares its weights or finds them prepared, and compiles it. */
export const openFile: OpenModel = async (input, starting, place, onProgress, signal) => {
  const { recipe } = input
  const plan = await planModel(input)
  const { tensors, graph, config } = plan
  onProgress({ stage: 'read', fraction: 1 })
  const onPrepared = (fraction: number) => onProgress({ stage: 'prepare', fraction })
  const key = `${input.model.id}-${recipe}`
  const found = await findWeights(key, place.prepared, graph, tensors, onPrepared, signal)
  const { weights, fromCache, kept } = found
  const release = async () => {
    await kept
    weights.close()
  }
  try {
    onProgress({ stage: 'compile', fraction: 0 })
    const { runtime, arithmeticId } = await starting
    const compiled = await compileModel(input, runtime, graph, weights, config, place.nowMs)
    const { exact } = recipes[recipe]
    const arithmetic = { arithmetic: recipe, arithmeticId: await arithmeticId(recipe), exact }
    const memory = { weightBytes: graph.weightBytes, cacheBytesPerToken: countCacheBytes(config) }
    const model = describeLanguage(input, plan, compiled)
    return { model, slices: compiled.slices, facts: { ...arithmetic, ...memory, fromCache }, release }
  } catch (error) {
    await release()
    throw error
  }
}

/** Each position takes a row of the rotary tables; the cache of so many tokens fits into no tab anyway. */
const mostContextTokens = 2 ** 17

type ModelPlan = { tensors: TensorSource; config: ModelConfig; contextTokens: number; graph: BuiltGraph }

/** Reads the head of the file, and builds the graph. */
async function planModel({ model, recipe }: LoadInput): Promise<ModelPlan> {
  const tensors = await openGguf(model.files[0]!)
  const config = readModelConfig(tensors)
  const contextTokens = Math.min(model.manifest.contextTokens, config.contextTokens, mostContextTokens)
  const smoothing = await readSmoothing(model)
  const graph = buildTransformerGraph(config, recipes[recipe], contextTokens, { smoothing })
  return { tensors, config, contextTokens, graph }
}

function describeLanguage(
  { guess }: LoadInput,
  { tensors, config, contextTokens }: ModelPlan,
  { openSequence, steps }: CompiledModel,
): LanguageModel {
  const vocabulary = readVocabulary(tensors.metadata)
  return {
    contextTokens,
    vocabularySize: config.vocabularySize,
    embeddingWidth: config.width,
    endIds: vocabulary.endIds,
    tokenBytes: createTokenBytes(vocabulary),
    openSequence,
    steps: guess === false ? undefined : steps,
  }
}

/** @throws EngineError `engine/malformed-model` */
async function readSmoothing({ manifest, files }: VerifiedModel): Promise<Smoothing> {
  const file = files[manifest.files.findIndex(({ path }) => path === manifest.smoothing)]
  return file ? parseSmoothing(new Uint8Array(await file.arrayBuffer())) : noSmoothing
}

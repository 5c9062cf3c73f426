import type { LanguageModel } from '../decode/sequence.ts'
import { countCacheBytes } from '../graph/model-config.ts'
import { recipes } from '../graph/recipe.ts'
import { createTokenBytes } from '../text/token-bytes.ts'
import { readVocabulary } from '../text/vocabulary.ts'
import { compileModel, serveGraph, type ServingGraph } from './compile-model.ts'
import type { OpenModel } from './open-model.ts'
import type { LoadInput } from './model-calls.ts'
import { keyOfPrepared, type PreparedModel, prepareModel } from './prepare-model.ts'
import { nameRuntimeError } from './runtime-error.ts'

/** Builds the graph of a GGUF file, prepares its weights or finds them prepared, and compiles it. */
export const openFile: OpenModel = async (input, starting, place, onProgress, signal) => {
  const { model: verified, recipe } = input
  let isRead = false
  const onPrepared = (fraction: number) => {
    if (!isRead) onProgress({ stage: 'read', fraction: 1 })
    isRead = true
    onProgress({ stage: 'prepare', fraction })
  }
  const begun = await place.earlyModel?.take(verified, recipe, onPrepared, signal)
  const find = () => place.prepared.find(keyOfPrepared(verified.id, recipe))
  const prepared = begun?.prepared ?? (await prepareModel(input, place.prepared, find(), onPrepared, signal))
  const { config, weights, fromCache, kept } = prepared
  const release = async () => {
    await kept
    weights.close()
  }
  try {
    onProgress({ stage: 'compile', fraction: 0 })
    const { runtime, arithmeticId } = await starting
    const session = await (begun?.compiling ?? compileModel(prepared, recipe, runtime))
    const serving = await serveGraph(input, runtime, session, prepared, place.nowMs)
    const { exact } = recipes[recipe]
    const arithmetic = { arithmetic: recipe, arithmeticId: await arithmeticId(recipe), exact }
    const memory = { weightBytes: weights.bytes, cacheBytesPerToken: countCacheBytes(config) }
    const model = describeLanguage(input, prepared, serving)
    const { stepPlaces } = serving
    const facts = { ...arithmetic, ...memory, stepPlaces, fromCache }
    return { model, slices: serving.slices, facts, release }
  } catch (error) {
    await release()
    throw nameRuntimeError(error, 'engine/load-failed', 'The runtime refused the model.')
  }
}

function describeLanguage(
  { guess }: LoadInput,
  { metadata, config }: PreparedModel,
  { openSequence, steps, contextTokens }: ServingGraph,
): LanguageModel {
  const vocabulary = readVocabulary(metadata)
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

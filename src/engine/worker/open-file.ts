import type { LanguageModel } from '../decode/sequence.ts'
import { countCacheBytes } from '../graph/model-config.ts'
import { recipes } from '../graph/recipe.ts'
import { createTokenBytes } from '../text/token-bytes.ts'
import { readVocabulary } from '../text/vocabulary.ts'
import { type CompiledModel, compileModel } from './compile-model.ts'
import type { OpenModel } from './open-model.ts'
import type { LoadInput } from './model-calls.ts'
import type { ModelPlan } from './plan-model.ts'
import { prepareModel } from './prepare-model.ts'

/** Builds the graph of a GGUF file, prepares its weights or finds them prepared, and compiles it. */
export const openFile: OpenModel = async (input, starting, place, onProgress, signal) => {
  const { model: verified, recipe } = input
  let isRead = false
  const onPrepared = (fraction: number) => {
    if (!isRead) onProgress({ stage: 'read', fraction: 1 })
    isRead = true
    onProgress({ stage: 'prepare', fraction })
  }
  const early = await place.earlyModel?.take(verified, recipe, onPrepared, signal)
  const { plan, found } = early ?? (await prepareModel(input, place.prepared, onPrepared, signal))
  const { graph, config } = plan
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

import type { Hex } from '../../domain/bytes.ts'
import type { LoadProgress, VerifiedModel } from '../../ports/engine.ts'
import { runKnownAnswer } from '../decode/known-answer.ts'
import type { LanguageModel } from '../decode/sequence.ts'
import { openGguf, type TensorSource } from '../gguf/tensor-source.ts'
import type { BuiltGraph } from '../graph/graph-builder.ts'
import { readModelConfig } from '../graph/model-config.ts'
import { buildTransformerGraph } from '../graph/transformer-graph.ts'
import { recipes } from '../graph/recipe.ts'
import { noSmoothing, type Smoothing } from '../graph/smoothing.ts'
import { parseSmoothing } from '../graph/smoothing-file.ts'
import { createTokenBytes } from '../text/token-bytes.ts'
import { readVocabulary } from '../text/vocabulary.ts'
import { compileModel, type StepPlace } from './compile-model.ts'
import type { LoadInput, LoadOutput } from './model-calls.ts'
import { prepareWeights } from './prepare-weights.ts'
import type { PreparedStore } from './prepared-store.ts'
import type { Runtime, RuntimeFiles } from './runtime.ts'
import { nameRuntimeError } from './runtime-error.ts'
import { sha256 } from './sha256.ts'

/** What loading needs from the place it runs in. */
export type LoadPlace = StepPlace & {
  fetchRuntime(signal: AbortSignal): Promise<RuntimeFiles>
  prepared: PreparedStore
}

/** A model that passed its known answer; `lost` resolves when the GPU is. */
export type RunningModel = { model: LanguageModel; facts: LoadOutput; lost: Runtime['lost'] }

/** Reads, prepares, compiles and tests a model. */
export async function loadModel(
  input: LoadInput,
  place: LoadPlace,
  onProgress: (progress: LoadProgress) => void,
  signal: AbortSignal,
): Promise<RunningModel> {
  const { manifest, files } = input.model
  const recipe = recipes[input.recipe]
  onProgress({ stage: 'read', fraction: 0 })
  const runtimeFiles = await place.fetchRuntime(signal)
  const arithmeticId = await identifyArithmetic(runtimeFiles, input.recipe)
  const tensors = await openGguf(files[0]!)
  const config = readModelConfig(tensors)
  const contextTokens = Math.min(manifest.contextTokens, config.contextTokens)
  const smoothing = await readSmoothing(input.model)
  const graph = buildTransformerGraph(config, recipe, contextTokens, { smoothing })
  onProgress({ stage: 'read', fraction: 1 })

  const onPrepared = (fraction: number) => onProgress({ stage: 'prepare', fraction })
  const { weights, fromCache } = await findWeights(input, place.prepared, graph, tensors, onPrepared, signal)
  onProgress({ stage: 'compile', fraction: 0 })
  const compiled = await compileModel(input, runtimeFiles, graph, weights, config, place)
  onProgress({ stage: 'compile', fraction: 1 })
  signal.throwIfAborted()

  const vocabulary = readVocabulary(tensors.metadata)
  const model: LanguageModel = {
    contextTokens,
    vocabularySize: config.vocabularySize,
    embeddingWidth: config.width,
    endIds: vocabulary.endIds,
    tokenBytes: createTokenBytes(vocabulary),
    openSequence: compiled.openSequence,
    steps: input.guess === false ? undefined : compiled.steps,
  }
  onProgress({ stage: 'self-test', fraction: 0 })
  const tokensPerSecond = await testModel(model, input, place, signal)
  onProgress({ stage: 'self-test', fraction: 1 })
  const { backend } = recipe
  const facts = { backend, arithmeticId, arithmetic: input.recipe, contextTokens, tokensPerSecond, fromCache }
  return { model, facts, lost: compiled.lost }
}

/** @throws EngineError `engine/malformed-model` */
async function readSmoothing({ manifest, files }: VerifiedModel): Promise<Smoothing> {
  const file = files[manifest.files.findIndex(({ path }) => path === manifest.smoothing)]
  return file ? parseSmoothing(new Uint8Array(await file.arrayBuffer())) : noSmoothing
}

/** The program that computes and the way the graph is built decide every bit of the logits. */
async function identifyArithmetic({ wasm }: RuntimeFiles, recipe: string): Promise<Hex> {
  return sha256(new TextEncoder().encode(`opentab arithmetic\n${await sha256(wasm)}\n${recipe}`))
}

async function findWeights(
  { model, recipe }: LoadInput,
  prepared: PreparedStore,
  graph: BuiltGraph,
  tensors: TensorSource,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<{ weights: Uint8Array<ArrayBuffer>; fromCache: boolean }> {
  const key = `${model.id}-${recipe}`
  onProgress(0)
  const found = await prepared.find(key, graph.weightBytes)
  if (found) {
    onProgress(1)
    return { weights: found, fromCache: true }
  }
  const weights = await prepareWeights(graph, tensors, onProgress, signal).catch((error: unknown) => {
    throw nameRuntimeError(error, 'engine/load-failed', 'The weights could not be prepared.')
  })
  await prepared.keep(key, weights)
  return { weights, fromCache: false }
}

/** Runs the known answer, then a few tokens more for the speed. Returns tokens per second. */
async function testModel(
  model: LanguageModel,
  { model: { manifest } }: LoadInput,
  place: LoadPlace,
  signal: AbortSignal,
): Promise<number> {
  const sequence = model.openSequence()
  try {
    await runKnownAnswer(model, sequence, manifest.knownAnswer, signal)
    const startedMs = place.nowMs()
    for (let token = 0; token < timedTokens; token++) {
      await sequence.append(manifest.knownAnswer.tokenIds.slice(-1), Infinity, () => {}, signal)
    }
    return (timedTokens * 1000) / Math.max(place.nowMs() - startedMs, 0.1)
  } finally {
    sequence.close()
  }
}

/** Tokens decoded to measure the speed. */
const timedTokens = 4

import type { Hex } from '../../domain/bytes.ts'
import type { LoadProgress, VerifiedModel } from '../../ports/engine.ts'
import { runKnownAnswer } from '../decode/known-answer.ts'
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
import type { LoadInput, LoadOutput } from './model-calls.ts'
import type { PreparedStore } from './prepared-store.ts'
import { openRuntime, type RunStep, type Runtime, type RuntimeFiles } from './runtime.ts'
import { nameRuntimeError } from './runtime-error.ts'
import { sha256 } from './sha256.ts'

/** What loading needs from the place it runs in. */
export type LoadPlace = {
  /** Runs each step of the model, when it sees fit. */
  runStep: RunStep
  /** A clock that stands still while a step waits to be run. */
  nowMs(): number
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
  const { recipe } = input
  onProgress({ stage: 'read', fraction: 0 })
  // The runtime starts while the file is read and its weights are prepared.
  const starting = startRuntime(input, place, signal)
  starting.catch(() => {})
  const plan = await planModel(input)
  const { tensors, graph, config, contextTokens } = plan
  onProgress({ stage: 'read', fraction: 1 })

  const onPrepared = (fraction: number) => onProgress({ stage: 'prepare', fraction })
  const key = `${input.model.id}-${recipe}`
  const found = await findWeights(key, place.prepared, graph, tensors, onPrepared, signal)
  const { weights, fromCache, kept } = found
  try {
    onProgress({ stage: 'compile', fraction: 0 })
    const { runtime, arithmeticId } = await starting
    const compiled = await compileModel(input, runtime, graph, weights, config, place.nowMs)
    onProgress({ stage: 'compile', fraction: 1 })
    signal.throwIfAborted()

    onProgress({ stage: 'self-test', fraction: 0 })
    const model = describeLanguage(input, plan, compiled)
    const tokensPerSecond = await testModel(model, input, place, signal)
    onProgress({ stage: 'self-test', fraction: 1 })
    const { backend, exact } = recipes[recipe]
    const arithmetic = { backend, arithmeticId, arithmetic: recipe, exact, contextTokens, tokensPerSecond }
    const memory = { weightBytes: graph.weightBytes, cacheBytesPerToken: countCacheBytes(config) }
    return { model, facts: { ...arithmetic, ...memory, fromCache }, lost: compiled.lost }
  } finally {
    await kept
    weights.close()
  }
}

type ModelPlan = { tensors: TensorSource; config: ModelConfig; contextTokens: number; graph: BuiltGraph }

/** Reads the head of the file, and builds the graph. */
async function planModel({ model, recipe }: LoadInput): Promise<ModelPlan> {
  const tensors = await openGguf(model.files[0]!)
  const config = readModelConfig(tensors)
  const contextTokens = Math.min(model.manifest.contextTokens, config.contextTokens)
  const smoothing = await readSmoothing(model)
  const graph = buildTransformerGraph(config, recipes[recipe], contextTokens, { smoothing })
  return { tensors, config, contextTokens, graph }
}

async function startRuntime(
  { recipe, threads }: LoadInput,
  { fetchRuntime, runStep }: LoadPlace,
  signal: AbortSignal,
): Promise<{ runtime: Runtime; arithmeticId: Hex }> {
  const { backend } = recipes[recipe]
  const files = await fetchRuntime(signal)
  const arithmeticId = await identifyArithmetic(files, recipe)
  try {
    return { runtime: await openRuntime(backend, files, threads, runStep), arithmeticId }
  } catch (error) {
    throw nameRuntimeError(error, 'engine/load-failed', `The runtime did not start on ${backend}.`)
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

/** @throws EngineError `engine/malformed-model` */
async function readSmoothing({ manifest, files }: VerifiedModel): Promise<Smoothing> {
  const file = files[manifest.files.findIndex(({ path }) => path === manifest.smoothing)]
  return file ? parseSmoothing(new Uint8Array(await file.arrayBuffer())) : noSmoothing
}

/** The program that computes and the way the graph is built decide every bit of the logits. */
async function identifyArithmetic({ wasm }: RuntimeFiles, recipe: string): Promise<Hex> {
  return sha256(new TextEncoder().encode(`opentab arithmetic\n${await sha256(wasm)}\n${recipe}`))
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

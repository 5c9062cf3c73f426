import type { Hex } from '../../domain/bytes.ts'
import { BaseError, EngineError } from '../../errors/index.ts'
import type { LoadProgress } from '../../ports/engine.ts'
import { runKnownAnswer } from '../decode/known-answer.ts'
import type { LanguageModel, Sequence } from '../decode/sequence.ts'
import { openGguf, type TensorSource } from '../gguf/tensor-source.ts'
import { cacheNames, cacheParts } from '../graph/attention.ts'
import type { BuiltGraph } from '../graph/graph-builder.ts'
import { type LlamaConfig, readLlamaConfig } from '../graph/llama-config.ts'
import { buildLlamaGraph } from '../graph/llama-graph.ts'
import { recipes } from '../graph/recipe.ts'
import { createTokenBytes, readVocabulary } from '../text/vocabulary.ts'
import { deviceSliceTokens, openDeviceSequence } from './device-sequence.ts'
import { createHostRunner } from './host-runner.ts'
import { hostSliceTokens, openHostSequence } from './host-sequence.ts'
import type { LoadInput, LoadOutput } from './model-calls.ts'
import { prepareWeights } from './prepare-weights.ts'
import type { PreparedStore } from './prepared-store.ts'
import { openRuntime, type Runtime, type RuntimeFiles } from './runtime.ts'
import { sha256 } from './sha256.ts'

/** What loading needs from the place it runs in. */
export type LoadPlace = {
  fetchRuntime(signal: AbortSignal): Promise<RuntimeFiles>
  prepared: PreparedStore
  /** Called after each step of the model. */
  onStep(): void
  nowMs(): number
}

export type RunningModel = { model: LanguageModel; facts: LoadOutput; deviceLost: Promise<string> }

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
  const config = readLlamaConfig(tensors)
  const contextTokens = Math.min(manifest.contextTokens, config.contextTokens)
  const graph = buildLlamaGraph(config, recipe, contextTokens)
  onProgress({ stage: 'read', fraction: 1 })

  const onPrepared = (fraction: number) => onProgress({ stage: 'prepare', fraction })
  const { weights, fromCache } = await findWeights(input, place.prepared, graph, tensors, onPrepared, signal)
  onProgress({ stage: 'compile', fraction: 0 })
  const open = await compile(input, runtimeFiles, graph, weights, config, place.onStep)
  onProgress({ stage: 'compile', fraction: 1 })
  signal.throwIfAborted()

  const vocabulary = readVocabulary(tensors.metadata)
  const model: LanguageModel = {
    contextTokens,
    vocabularySize: config.vocabularySize,
    endIds: vocabulary.endIds,
    tokenBytes: createTokenBytes(vocabulary),
    openSequence: open.sequence,
  }
  onProgress({ stage: 'self-test', fraction: 0 })
  const tokensPerSecond = await testModel(model, input, place, signal)
  onProgress({ stage: 'self-test', fraction: 1 })
  const { backend } = recipe
  const facts = { backend, arithmeticId, arithmetic: input.recipe, contextTokens, tokensPerSecond, fromCache }
  return { model, facts, deviceLost: open.runtime.deviceLost }
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
  const weights = await prepareWeights(graph, tensors, onProgress, signal)
  await prepared.keep(key, weights)
  return { weights, fromCache: false }
}

async function compile(
  input: LoadInput,
  files: RuntimeFiles,
  graph: BuiltGraph,
  weights: Uint8Array<ArrayBuffer>,
  config: LlamaConfig,
  onStep: () => void,
): Promise<{ runtime: Runtime; sequence: () => Sequence }> {
  const { backend } = recipes[input.recipe]
  try {
    const runtime = await openRuntime(backend, files, input.threads, onStep)
    const session = await runtime.createSession(
      graph.model,
      weights,
      backend === 'webgpu' ? cacheOutputs(config) : [],
    )
    if (backend === 'webgpu') {
      const { sliceTokens = deviceSliceTokens } = input
      return { runtime, sequence: () => openDeviceSequence(runtime, session, config, sliceTokens) }
    }
    const { sliceTokens = hostSliceTokens } = input
    const runner = createHostRunner(runtime, session, config)
    return { runtime, sequence: () => openHostSequence(runner, config, sliceTokens) }
  } catch (error) {
    if (error instanceof BaseError) throw error
    throw new EngineError('engine/load-failed', `The runtime refused the model on ${backend}.`, {
      cause: error,
      details: error instanceof Error ? error.message : String(error),
    })
  }
}

function cacheOutputs({ layers }: LlamaConfig): string[] {
  return Array.from({ length: layers }, (_, layer) =>
    cacheParts.map((part) => cacheNames.present(layer, part)),
  ).flat()
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

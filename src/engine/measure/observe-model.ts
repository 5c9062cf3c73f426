import { openGguf, type TensorSource } from '../gguf/tensor-source.ts'
import { type GraphBuilder, type Value, weightsFile } from '../graph/graph-builder.ts'
import type { MatrixRows } from '../graph/matrix-rows.ts'
import { readModelConfig } from '../graph/read-model-config.ts'
import { recipes } from '../graph/recipe.ts'
import { buildTransformerGraph } from '../graph/transformer-graph.ts'
import { createModelText } from '../text/model-text.ts'
import { readVocabulary } from '../text/vocabulary.ts'
import type { ModelText } from '../../ports/engine.ts'
import { openCachedSequence } from '../worker/cached-sequence.ts'
import { hostSliceTokens, openHostCache, openHostGraph } from '../worker/host-graph.ts'
import { createStepRunner } from '../worker/step-runner.ts'
import { prepareWeights } from '../worker/prepare-weights.ts'
import { openRuntime, readFloats, type RuntimeFiles, type RunStep, type Session } from '../worker/runtime.ts'
import { createMemoryWeights } from '../worker/weights.ts'
import { answerGreedily, type LikeliestToken } from './answer-greedily.ts'

/** A product's input and weights: the largest magnitude seen of each input, and the matrices it meets. */
export type ObservedPoint = { largest: Float32Array; weights: MatrixRows }

/** Where a model is observed. */
export type ObservePlace = {
  runtimeFiles: RuntimeFiles
  threads: number
  runStep: RunStep
  nowMs(): number
}

/** A model at work with float products, every product's input watched. */
export type ObservedModel = {
  tensors: TensorSource
  points: Map<string, ObservedPoint>
  text: ModelText
  /** Longest text that it is run on, in tokens. */
  positions: number
  /** Answers a prompt greedily, at most so many tokens; the token that ends an answer is the last. */
  answer(
    promptIds: readonly number[],
    answerTokens: number,
    signal?: AbortSignal,
  ): AsyncGenerator<LikeliestToken, void>
}

const mostPositions = 2048
const rangeOf = (point: string) => `range.${point}`

/** Opens a model file to be observed. `onPrepared` hears how much of its weights is ready, from 0 to 1. */
export async function observeModel(
  file: Blob,
  place: ObservePlace,
  onPrepared: (fraction: number) => void,
  signal?: AbortSignal,
): Promise<ObservedModel> {
  const tensors = await openGguf(file)
  const config = readModelConfig(tensors)
  const positions = Math.min(config.contextTokens, mostPositions)
  const points = new Map<string, ObservedPoint>()
  const observe = (graph: GraphBuilder, point: string, input: Value, weights: MatrixRows) => {
    points.set(point, { largest: new Float32Array(weights.inputs), weights })
    const magnitude = graph.apply('Abs', [input])
    const axes = graph.int64s([0, 1])
    graph.apply('ReduceMax', [magnitude, axes], { keepdims: { int: 0 } }, rangeOf(point))
    graph.output(rangeOf(point), 'float', [weights.inputs])
  }
  const graph = buildTransformerGraph(config, recipes['wasm-float-4'], positions, { observe })
  const weights = createMemoryWeights(graph.weightBytes)
  await prepareWeights(graph, tensors, Promise.resolve(weights), onPrepared, signal)
  const runtime = await openRuntime('wasm', place.runtimeFiles, place.threads, place.runStep)
  const session = watching(
    await runtime.createSession(graph.model, [{ path: weightsFile, data: weights }], { asBuilt: true }),
    points,
  )
  const runner = createStepRunner(openHostGraph(runtime, session, config), place.nowMs)
  const { endIds } = readVocabulary(tensors.metadata)
  const openSequence = () => openCachedSequence(openHostCache(config), runner, config, hostSliceTokens)
  return {
    tensors,
    points,
    text: createModelText(tensors.metadata),
    positions,
    answer: (promptIds, answerTokens, signal) =>
      answerGreedily(openSequence(), promptIds, answerTokens, endIds, signal),
  }
}

/** Raises what is known of each point by every step of the session. */
function watching(session: Session, points: ObservedModel['points']): Session {
  return {
    async run(feeds) {
      const results = await session.run(feeds)
      for (const [point, { largest }] of points) {
        readFloats(results, rangeOf(point)).forEach((value, channel) => {
          if (value > largest[channel]!) largest[channel] = value
        })
      }
      return results
    },
  }
}

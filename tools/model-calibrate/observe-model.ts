import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { LanguageModel } from '../../src/engine/decode/sequence.ts'
import { findLargest } from '../../src/engine/decode/find-largest.ts'
import { type TensorSource, openGguf } from '../../src/engine/gguf/tensor-source.ts'
import type { GraphBuilder, Value } from '../../src/engine/graph/graph-builder.ts'
import { readModelConfig } from '../../src/engine/graph/model-config.ts'
import { buildTransformerGraph } from '../../src/engine/graph/transformer-graph.ts'
import type { MatrixRows } from '../../src/engine/graph/matrix-rows.ts'
import { recipes } from '../../src/engine/graph/recipe.ts'
import { createModelText } from '../../src/engine/text/model-text.ts'
import { readVocabulary } from '../../src/engine/text/vocabulary.ts'
import { createHostRunner } from '../../src/engine/worker/host-runner.ts'
import { hostSliceTokens, openHostSequence } from '../../src/engine/worker/host-sequence.ts'
import { prepareWeights } from '../../src/engine/worker/prepare-weights.ts'
import { type Session, openRuntime, readFloats } from '../../src/engine/worker/runtime.ts'

/** A product's input and weights: the largest magnitude seen of each input, and the matrices it meets. */
export type ObservedPoint = { largest: Float32Array; weights: MatrixRows }

/** What was seen of a model at work. */
export type Observation = { points: Map<string, ObservedPoint>; tensors: TensorSource; tokens: number }

const positions = 2048
const rangeOf = (point: string) => `range.${point}`

/** Runs prompts and their greedy answers with float products and watches every product's input. */
export async function observeModel(
  file: Blob,
  prompts: readonly string[],
  answerTokens: number,
  onPrompt: (done: number) => void,
): Promise<Observation> {
  const tensors = await openGguf(file)
  const config = readModelConfig(tensors)
  const points = new Map<string, ObservedPoint>()
  const observe = (graph: GraphBuilder, point: string, input: Value, weights: MatrixRows) => {
    points.set(point, { largest: new Float32Array(weights.inputs), weights })
    const magnitude = graph.apply('Abs', [input])
    const axes = graph.int64s([0, 1])
    graph.apply('ReduceMax', [magnitude, axes], { keepdims: { int: 0 } }, rangeOf(point))
    graph.output(rangeOf(point), 'float', [weights.inputs])
  }
  const graph = buildTransformerGraph(config, recipes['wasm-float-1'], positions, { observe })
  const weights = await prepareWeights(graph, tensors, () => {})
  const files = { wasm: await readRuntime(), scriptUrl: undefined }
  const runtime = await openRuntime('wasm', files, 1, (step) => step())
  const session = watching(await runtime.createSession(graph.model, weights, []), points)
  const runner = createHostRunner(runtime, session, config, () => performance.now())

  const text = createModelText(tensors.metadata)
  const { endIds } = readVocabulary(tensors.metadata)
  let tokens = 0
  for (const [index, content] of prompts.entries()) {
    const promptIds = await text.encodeChat([{ role: 'user', content }])
    const sequence = openHostSequence(runner, config, hostSliceTokens)
    tokens += await answerGreedily(sequence, promptIds, answerTokens, endIds)
    onPrompt(index + 1)
  }
  return { points, tensors, tokens }
}

/** Raises what is known of each point by every step of the session. */
function watching(session: Session, points: Observation['points']): Session {
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

/** Returns how many tokens went through the model. */
async function answerGreedily(
  sequence: ReturnType<LanguageModel['openSequence']>,
  promptIds: readonly number[],
  answerTokens: number,
  endIds: ReadonlySet<number>,
): Promise<number> {
  let input = promptIds
  for (let token = 0; token < answerTokens; token++) {
    let next = -1
    await sequence.append(input, sequence.length + input.length - 1, (logits) => {
      next = findLargest(logits, 1)[0]!
    })
    if (endIds.has(next)) break
    input = [next]
  }
  return sequence.length
}

async function readRuntime(): Promise<ArrayBuffer> {
  const path = createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm')
  return new Uint8Array(await readFile(path)).buffer
}

import { openAsBlob } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ModelManifest } from '../src/domain/model.ts'
import { findLargest } from '../src/engine/decode/find-largest.ts'
import type { Sequence } from '../src/engine/decode/sequence.ts'
import { openGguf, type TensorSource } from '../src/engine/gguf/tensor-source.ts'
import { type BuiltGraph, weightsFile } from '../src/engine/graph/graph-builder.ts'
import { readModelConfig } from '../src/engine/graph/read-model-config.ts'
import { defaultRecipes, recipes } from '../src/engine/graph/recipe.ts'
import { parseSmoothing } from '../src/engine/graph/smoothing-file.ts'
import { buildTransformerGraph } from '../src/engine/graph/transformer-graph.ts'
import { createModelText } from '../src/engine/text/model-text.ts'
import { readVocabulary } from '../src/engine/text/vocabulary.ts'
import { openCachedSequence } from '../src/engine/worker/cached-sequence.ts'
import { hostSliceTokens, openHostCache, openHostGraph } from '../src/engine/worker/host-graph.ts'
import { createStepRunner } from '../src/engine/worker/step-runner.ts'
import type { TensorMaker } from '../src/engine/worker/feed-batch.ts'
import type { Session } from '../src/engine/worker/runtime.ts'
import { writeGraph } from '../tools/onnx-folder/write-graph.ts'
import { benchFolder } from './bench-folder.ts'
import { loadNativeRuntime, type NativeRuntime } from './install-native.ts'
import { type Contender, modelFolder } from './rivals.ts'
import { startStopwatch } from './stopwatch.ts'

/** Our own graph and loop on the native build of the runtime, in Node: what no browser can exceed. */
export async function openNative(threads: number): Promise<Contender> {
  const folder = fileURLToPath(new URL(`..${modelFolder}`, import.meta.url))
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as ModelManifest
  const tensors = await openGguf(await openAsBlob(join(folder, manifest.files[0]!.path)))
  const config = readModelConfig(tensors)
  const smoothing = parseSmoothing(new Uint8Array(await readFile(join(folder, manifest.smoothing!))))
  const graph = buildTransformerGraph(config, recipes[defaultRecipes.wasm], manifest.contextTokens, {
    smoothing,
  })
  const native = await loadNativeRuntime()
  const session = await compile(native, graph, tensors, threads)
  const runner = createStepRunner(openHostGraph(makeTensors(native), session, config), () =>
    performance.now(),
  )
  const { encodeChat, decode } = createModelText(tensors.metadata)
  const { endIds } = readVocabulary(tensors.metadata)
  const sequence = openCachedSequence(openHostCache(config), runner, config, hostSliceTokens)
  let readIds: readonly number[] = []

  return {
    name: 'native onnxruntime',
    remembers: true,
    async ask(conversation, maxTokens, { reuse = false } = {}) {
      const promptIds = await encodeChat(conversation)
      const known = reuse ? countCommon(readIds, promptIds.slice(0, -1)) : 0
      sequence.truncate(known)
      readIds = promptIds
      const stopwatch = startStopwatch()
      const tokenIds: number[] = []
      for await (const tokenId of answerGreedily(sequence, promptIds.slice(known), maxTokens)) {
        stopwatch.tick()
        tokenIds.push(tokenId)
        if (endIds.has(tokenId)) break
      }
      const text = await decode(tokenIds.filter((tokenId) => !endIds.has(tokenId)))
      return { promptTokens: promptIds.length, tokens: tokenIds.length, ...stopwatch.read(), text }
    },
  }
}

async function* answerGreedily(
  sequence: Sequence,
  promptIds: readonly number[],
  maxTokens: number,
): AsyncGenerator<number, void> {
  let input = promptIds
  for (let count = 0; count < maxTokens; count++) {
    let next = -1
    await sequence.append(input, sequence.length + input.length - 1, (logits) => {
      next = findLargest(logits, 1)[0]!
    })
    yield next
    input = [next]
  }
}

function countCommon(one: readonly number[], other: readonly number[]): number {
  const differs = other.findIndex((tokenId, index) => tokenId !== one[index])
  return differs === -1 ? other.length : differs
}

const graphFiles = { model: 'model.onnx', weights: weightsFile }

/** Compiles the graph from files, as the native build wants its weights. */
async function compile(
  { InferenceSession }: NativeRuntime,
  graph: BuiltGraph,
  tensors: TensorSource,
  threads: number,
): Promise<Session> {
  const folder = join(benchFolder, 'native-graph')
  await writeGraph(graph, tensors, folder, graphFiles)
  const options = { intraOpNumThreads: threads }
  const session = await InferenceSession.create(join(folder, graphFiles.model), options)
  return { run: (feeds, wanted = session.outputNames) => session.run(feeds, wanted) }
}

function makeTensors({ Tensor }: NativeRuntime): TensorMaker {
  return {
    int64s: (values, dims) => new Tensor('int64', BigInt64Array.from(values, BigInt), dims),
    floats: (values, dims) => new Tensor('float32', values, dims),
  }
}

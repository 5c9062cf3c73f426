import { expect, test } from 'vitest'
import { randomSmoothing } from '../../../tests/fixtures/families/run-whole.ts'
import {
  tinyGemma3,
  tinyLlama3,
  tinyQwen2,
  tinyQwen3,
  writeTinyModel,
} from '../../../tests/fixtures/families/tiny-models.ts'
import { writeTinyLlama } from '../../../tests/fixtures/llama/tiny-llama.ts'
import { readGgufHead } from '../gguf/read-gguf.ts'
import { openGguf } from '../gguf/tensor-source.ts'
import { readModelConfig } from '../graph/read-model-config.ts'
import { type RecipeName, recipes } from '../graph/recipe.ts'
import { parseSmoothing } from '../graph/smoothing-file.ts'
import { buildTransformerGraph } from '../graph/transformer-graph.ts'
import { prepareWeights } from './prepare-weights.ts'
import { sha256 } from './sha256.ts'
import { createMemoryWeights } from './weights.ts'

// What is kept in browsers was prepared by earlier versions: other bytes need a recipe of another number.
test.each<[RecipeName, string, string]>([
  [
    'wasm-int8-3',
    '0xfffdf3521f0456b1bdcb7c3f8df8904cd57db67fe8795c5f72a8e35c08fd75fc',
    '0x1220a1a0a6ccea341feac9b7668f25749d7b992439275d5410496d3f905574bc',
  ],
  [
    'wasm-float-2',
    '0x5b9ff3dbc9b95b82d109db07c5c1aa81fffec4dfed248c850856cfab50d2c21b',
    '0xafd5c8c54ee35987ad81ad97687e782c1d99febeb87007267507665700894eb0',
  ],
  [
    'webgpu-q8-2',
    '0x833bd88b9981e5b2400f8ed86c5d3fa3b0f02811ac85128b31236161012152b1',
    '0x3829d4ed0c4d7176c904afe9824e818523f2082d19df0df815656126aa8787f4',
  ],
])('%s prepares the weights and the graph that it always did', async (recipe, weightsHash, graphHash) => {
  const file = new Blob([writeTinyLlama()])
  const tensors = await openGguf(file)
  const smoothing = parseSmoothing(await randomSmoothing(file))
  const graph = buildTransformerGraph(readModelConfig(tensors), recipes[recipe], 96, { smoothing })
  const weights = createMemoryWeights(graph.weightBytes)
  await prepareWeights(graph, tensors, Promise.resolve(weights), () => {})
  expect(await sha256(weights.read(0, weights.bytes))).toBe(weightsHash)
  expect(await sha256(graph.model)).toBe(graphHash)
})

test.each([
  ['qwen2', tinyQwen2, '0x4987492e80dd9d469159a2956beabba26bcabd105840090381fffdae104c352d'],
  ['qwen3', tinyQwen3, '0xa05bfb61b63e0aff85ef0940810fdb45970fde0695e6e96f42f22b2daf903c5d'],
  ['gemma3', tinyGemma3, '0xd402ffc678408bdcf76055e5973d3dd52997de4942a54976c307c3980b4aa204'],
  ['llama3', tinyLlama3, '0x5f4d44237f5f82ce3be5ddadec1c03d62443f846ea2da37ee0be08e06d02d0b0'],
])('the graphs of a %s are what they always were', async (_family, shape, expected) => {
  const config = readModelConfig(await readGgufHead(new Blob([writeTinyModel(shape)])))
  const graphs = (['wasm-int8-3', 'wasm-float-2', 'webgpu-q8-2'] as const).map(
    (recipe) => buildTransformerGraph(config, recipes[recipe], 96).model,
  )
  expect(await sha256(await new Blob(graphs).arrayBuffer())).toBe(expected)
})

import { expect, test } from 'vitest'
import { randomSmoothing } from '../../../tests/fixtures/families/run-whole.ts'
import { writeTinyLlama } from '../../../tests/fixtures/llama/tiny-llama.ts'
import { openGguf } from '../gguf/tensor-source.ts'
import { readModelConfig } from '../graph/read-model-config.ts'
import { type RecipeName, recipes } from '../graph/recipe.ts'
import { parseSmoothing } from '../graph/smoothing-file.ts'
import { buildTransformerGraph } from '../graph/transformer-graph.ts'
import { prepareWeights } from './prepare-weights.ts'
import { sha256 } from './sha256.ts'
import { createMemoryWeights } from './weights.ts'

// What is kept in browsers was prepared by earlier versions: other bytes need a recipe of another number.
test.each<[RecipeName, string]>([
  ['wasm-int8-3', '0xf302b380cf766721c7d77831ff7b5b3d82c08d467f7f7dbda7ff5a584e174423'],
  ['wasm-float-2', '0x83eb8f7e42c368445847bf1931037c53d001aff4bea313890432f0df8a756342'],
  ['webgpu-q8-2', '0x529fe01ca7b3cde8208dd4395523f11c1019efe85c432d0a2e65be42e32f0891'],
])('%s prepares the bytes that it always did', async (recipe, expected) => {
  const file = new Blob([writeTinyLlama()])
  const tensors = await openGguf(file)
  const smoothing = parseSmoothing(await randomSmoothing(file))
  const graph = buildTransformerGraph(readModelConfig(tensors), recipes[recipe], 96, { smoothing })
  const weights = createMemoryWeights(graph.weightBytes)
  await prepareWeights(graph, tensors, Promise.resolve(weights), () => {})
  expect(await sha256(weights.read(0, weights.bytes))).toBe(expected)
})

import { expect, test } from 'vitest'
import { randomSmoothing } from '../../../tests/fixtures/families/run-whole.ts'
import {
  tinyGemma3,
  tinyLlama3,
  tinyQwen2,
  tinyQwen3,
  type TinyModel,
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
    'wasm-int8-6',
    '0x988c9c2082050cd5f5ca8e2ed7609c8650b862aae5dd9973a084801fd9042375',
    '0x7648875b425712ba857ef0c3f213a4f0b63f19bc7085e7744369ce75807ba7a1',
  ],
  [
    'wasm-float-4',
    '0xf0779580ed801e9e0f9b2b63d05189e8551b0f7ef9f81f46ed9c758a624246cb',
    '0xb538ad6801be70df4ec85a11db537df02195fb7ceff9be3005cb1c7b82f6ecf1',
  ],
  [
    'webgpu-q8-3',
    '0x16eecd8903fe11964cf8043d258def5bf3a486bd4622ee464539015e58ffc512',
    '0x8bb20a4cef20b190fed290ed5290a1777cd67046eef2a8a303f1cf9e80f055d9',
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

test.each<[string, TinyModel, Record<RecipeName, string>]>([
  [
    'qwen2',
    tinyQwen2,
    {
      'wasm-int8-6': '0xcd7b9597f0bdbd315d2e18466fc2cc62ba727768093240698f657784346fa9ab',
      'wasm-float-4': '0x1acf06ca1af428ce0393acf9a8c8026ccd540258bb6917832f58f2775f4d2050',
      'webgpu-q8-3': '0x82fc839cc33b193fad736ed6056062e3091fd63e4be1553f04b350411d8b4929',
    },
  ],
  [
    'qwen3',
    tinyQwen3,
    {
      'wasm-int8-6': '0x12c5e8dfaf48ab3cce2bded0a170470397400e61d413d66640d1b68249156d19',
      'wasm-float-4': '0xbcb5825989f44d5bdfd2ac4a273c089c82a6bc721895f699f7bdb1931a231707',
      'webgpu-q8-3': '0x336bd0721adac7dd4a4690ceca8dc54cbeca0732af10b669f4d2acdda8eccb6f',
    },
  ],
  [
    'gemma3',
    tinyGemma3,
    {
      'wasm-int8-6': '0x268f3f41f85547700b84994c7666476d349cfb355efed1f5290a19169a8b9a12',
      'wasm-float-4': '0x30128eba3b2b88d555f4a179b93b28291b9bc84b515724bd0ac6da94dd92b9e8',
      'webgpu-q8-3': '0x8021d65e850787af4ca5d127f9a46ebe153c0b46409fa9a8a7d5487584ac1ad7',
    },
  ],
  [
    'llama3',
    tinyLlama3,
    {
      'wasm-int8-6': '0xe9c703999b53a8c5e839ed14e00a88cacfaafb12170bce1205c89e903f20fe06',
      'wasm-float-4': '0x463daf503edce60f2142791d431c466cf8bec3aa61384c5d147f9e4a16d2b8ef',
      'webgpu-q8-3': '0xdeaf68948a4944f51a5f7d4de01f0ef88cb2f85febc7ac90c829d5dc59f75a82',
    },
  ],
])('the graphs of a %s are what they always were', async (_family, shape, expected) => {
  const config = readModelConfig(await readGgufHead(new Blob([writeTinyModel(shape)])))
  for (const [name, recipe] of Object.entries(recipes)) {
    const { model } = buildTransformerGraph(config, recipe, 96)
    expect.soft([name, await sha256(model)]).toEqual([name, expected[name as RecipeName]])
  }
})

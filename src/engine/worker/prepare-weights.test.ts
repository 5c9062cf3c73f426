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
    'wasm-int8-5',
    '0x0dd88f22cdfd965db378d131b3179c448f940213dbf6f521254f04e4c1118121',
    '0x406a3a027e9b7e8a56e367da533a09e323672e94a7738a1d786b8bbf133cb6ef',
  ],
  [
    'wasm-float-3',
    '0xf0779580ed801e9e0f9b2b63d05189e8551b0f7ef9f81f46ed9c758a624246cb',
    '0xbc687e9a77bc1bb6532a47a190d59596431b99fb3b47d925fcd868e0078002ed',
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
      'wasm-int8-5': '0xf88b65e843e3ceb6e55297a57638a2d3d33306dc977f71ef842afdd538316595',
      'wasm-float-3': '0x086cd3312acaf8fdff4a01bedd0ab23654683f517d2cff81b4c3a720c19e058e',
      'webgpu-q8-3': '0x82fc839cc33b193fad736ed6056062e3091fd63e4be1553f04b350411d8b4929',
    },
  ],
  [
    'qwen3',
    tinyQwen3,
    {
      'wasm-int8-5': '0x2aa64028fd13860d4c2e696297c5a616650ff1c651b8f3d11be17322aceb66bb',
      'wasm-float-3': '0x0fbb373562747827e748c1439aaba3d83a3337126940ee1e133264869c5db548',
      'webgpu-q8-3': '0x336bd0721adac7dd4a4690ceca8dc54cbeca0732af10b669f4d2acdda8eccb6f',
    },
  ],
  [
    'gemma3',
    tinyGemma3,
    {
      'wasm-int8-5': '0x2b0ab2dd9630eb91de8c479d153e4e72559e40a6d2d94225bc9f2e01f19ec121',
      'wasm-float-3': '0x3b6f21b2cdfa949ade8d29b4d6972dee849fd000fcff25c6cc839310a1b32c70',
      'webgpu-q8-3': '0x8021d65e850787af4ca5d127f9a46ebe153c0b46409fa9a8a7d5487584ac1ad7',
    },
  ],
  [
    'llama3',
    tinyLlama3,
    {
      'wasm-int8-5': '0x9d6a2fe7542ca89023006b0a9b7932d8ad92877deca86e7d0cb231da4245239b',
      'wasm-float-3': '0x66a978bc8e39fb0e45927bce72c3ba6d906da615abb67a7ba645ee2860e243f3',
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

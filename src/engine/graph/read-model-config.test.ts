import { expect, test } from 'vitest'
import { tinyGemma3, writeTinyModel } from '../../../tests/fixtures/families/tiny-models.ts'
import type { GgufValue } from '../../../tests/fixtures/llama/write-gguf.ts'
import { readGgufHead } from '../gguf/read-gguf.ts'
import { isWindowed } from './model-config.ts'
import { readModelConfig } from './read-model-config.ts'

const withSettings = async (settings: Record<string, GgufValue>, layers = tinyGemma3.layers) =>
  readModelConfig(await readGgufHead(new Blob([writeTinyModel({ ...tinyGemma3, layers, settings })])))

test('every sixth layer of Gemma 3 sees all, unless its file says otherwise', async () => {
  const { 'attention.sliding_window_pattern': _, ...settings } = tinyGemma3.settings
  const usual = await withSettings(settings, 13)
  const seesAll = Array.from({ length: 13 }, (_, layer) => layer).filter((layer) => !isWindowed(usual, layer))
  expect(seesAll).toEqual([5, 11])
  expect([0, 1, 2].map((layer) => isWindowed({ ...usual, window: null }, layer))).toEqual([
    false,
    false,
    false,
  ])
  const ownPattern = await withSettings(tinyGemma3.settings)
  expect([0, 1, 2].map((layer) => isWindowed(ownPattern, layer))).toEqual([true, false, true])
})

test('positions are divided where the file says so, in layers that see all only', async () => {
  const { 'rope.scaling.type': _, ...settings } = tinyGemma3.settings
  expect(await withSettings(tinyGemma3.settings)).toMatchObject({ ropeBase: 1e6, ropeDivisor: 8 })
  expect(await withSettings(settings)).toMatchObject({
    ropeDivisor: 1,
    window: { tokens: 16, ropeBase: 10_000 },
  })
})

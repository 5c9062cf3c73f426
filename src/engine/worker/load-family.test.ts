import { describe, expect, test } from 'vitest'
import { openGemma3Oracle } from '../../../tests/fixtures/families/gemma3-oracle.ts'
import { openQwen2Oracle } from '../../../tests/fixtures/families/qwen2-oracle.ts'
import { openQwen3Oracle } from '../../../tests/fixtures/families/qwen3-oracle.ts'
import { randomSmoothing, runWhole, tokenIds } from '../../../tests/fixtures/families/run-whole.ts'
import {
  tinyGemma3,
  tinyLlama2,
  tinyLlama3,
  tinyQwen2,
  tinyQwen3,
  writeTinyModel,
} from '../../../tests/fixtures/families/tiny-models.ts'
import { openOracle } from '../../../tests/fixtures/llama/float64-oracle.ts'
import { loadInNode } from '../../../tests/fixtures/llama/load-in-node.ts'
import { roundToBlocks } from '../../../tests/fixtures/round-to-blocks.ts'
import { readLogProb } from '../decode/log-probability.ts'
import { openGguf } from '../gguf/tensor-source.ts'

const families = {
  'llama as 3': { shape: tinyLlama3, openOracle },
  'llama as 2': { shape: tinyLlama2, openOracle },
  qwen2: { shape: tinyQwen2, openOracle: openQwen2Oracle },
  qwen3: { shape: tinyQwen3, openOracle: openQwen3Oracle },
  gemma3: { shape: tinyGemma3, openOracle: openGemma3Oracle },
}
const someIds = [0, 7, 97, 200, 268]

/** Differences of log-probabilities from what was expected, at every position. */
function differences(rows: Float32Array[], expected: number[][]): number[] {
  expect(rows).toHaveLength(tokenIds.length)
  return rows.flatMap((row, position) =>
    someIds.map((id) => Math.abs(readLogProb(row, id) - expected[position]![id]!)),
  )
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe.each(Object.entries(families))('a tiny %s', (_name, { shape, openOracle }) => {
  const file = new Blob([writeTinyModel(shape)])

  test('float products agree with double precision to 1e-4', async () => {
    const oracle = await openOracle(await openGguf(file), roundToBlocks)
    const { model } = await loadInNode(file, { recipe: 'wasm-float-4' })
    const errors = differences(await runWhole(model), oracle.logProbs(tokenIds))
    expect(Math.max(...errors)).toBeLessThan(1e-4)
  })

  test('8-bit products stay within their rounding, with and without smoothing', async () => {
    const expected = (await openOracle(await openGguf(file))).logProbs(tokenIds)
    const meanError = async (smoothing?: Blob) => {
      const { model } = await loadInNode(file, smoothing ? { smoothing } : {})
      return mean(differences(await runWhole(model), expected))
    }
    const plain = await meanError()
    expect(plain).toBeLessThan(0.12)
    expect(await meanError(new Blob([await randomSmoothing(file)]))).toBeLessThan(3 * plain)
  })

  test('logits have the same bits whatever the slices, the cache and who shares the batch', async () => {
    const whole = await runWhole((await loadInNode(file, { sliceTokens: 512 })).model)
    expect(await runWhole((await loadInNode(file, { sliceTokens: 7 })).model)).toEqual(whole)
    const { model } = await loadInNode(file, { sliceTokens: 1 })
    const cuts = [[90], [3, 4, 60, 61, 90], [40, 90]]
    const together = await Promise.all(cuts.map((each) => runWhole(model, each)))
    for (const rows of together) expect(rows).toEqual(whole)
  })
})

test.each([0, -1, Infinity, NaN])('frequencies divided by %d are refused', async (frequencyFactor) => {
  const file = new Blob([writeTinyModel({ ...tinyLlama3, frequencyFactor: 8 })])
  const bytes = Buffer.from(await file.arrayBuffer())
  // The last tensor of the file.
  bytes.writeFloatLE(frequencyFactor, bytes.length - 4)
  await expect(loadInNode(new Blob([bytes]))).rejects.toMatchObject({ code: 'engine/malformed-model' })
})

import { describe, expect, test } from 'vitest'
import { multiply, readTensors, softmax } from '../../../tests/fixtures/families/float64-math.ts'
import { randomSmoothing, runWhole, tokenIds } from '../../../tests/fixtures/families/run-whole.ts'
import { openOracle } from '../../../tests/fixtures/llama/float64-oracle.ts'
import { loadInNode } from '../../../tests/fixtures/llama/load-in-node.ts'
import { writeTinyLlama } from '../../../tests/fixtures/llama/tiny-llama.ts'
import { roundToBlocks } from '../../../tests/fixtures/round-to-blocks.ts'
import { embed } from '../decode/embed.ts'
import type { LanguageModel } from '../decode/sequence.ts'
import { openGguf } from '../gguf/tensor-source.ts'

const shapes = { 'tied to its embedding': {}, 'with a matrix of its own': { seed: 2, tiedEmbedding: false } }

async function readState(model: LanguageModel, length: number): Promise<Float32Array> {
  const sequence = model.openSequence()
  const state = await sequence.readState(tokenIds.slice(0, length))
  expect(sequence.length).toBe(length)
  return state
}

const embedWhole = (model: LanguageModel) => embed(model, model.openSequence(), tokenIds)
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, at) => sum + value * b[at]!, 0)

describe.each(Object.entries(shapes))('a tiny llama whose output layer is %s', (_name, options) => {
  const file = new Blob([writeTinyLlama(options)])

  test('a state is what the output layer makes its prediction from', async () => {
    const source = await openGguf(file)
    const oracle = await openOracle(source, roundToBlocks)
    const find = await readTensors(source, roundToBlocks)
    const head = find('output.weight') ?? find('token_embd.weight')!
    const { model } = await loadInNode(file, { recipe: 'wasm-float-4' })
    const expected = oracle.logProbs(tokenIds)
    for (const length of [1, 2, 41, 90]) {
      const shares = softmax(multiply([...(await readState(model, length))], head))
      for (const id of [0, 7, 97, 200, 268]) {
        expect(Math.abs(Math.log(shares[id]!) - expected[length - 1]![id]!)).toBeLessThan(1e-4)
      }
    }
  })

  test('an embedding is the direction of the last state, with smoothing or without', async () => {
    const { model } = await loadInNode(file, { recipe: 'wasm-float-4' })
    const state = await readState(model, tokenIds.length)
    const vector = await embedWhole(model)
    expect(dot(vector, vector)).toBeCloseTo(1, 6)
    expect(dot(vector, state) / Math.sqrt(dot(state, state))).toBeCloseTo(1, 6)
    for (const smoothing of [undefined, new Blob([await randomSmoothing(file)])]) {
      const rounded = await loadInNode(file, smoothing ? { smoothing } : {})
      expect(dot(await embedWhole(rounded.model), vector)).toBeGreaterThan(0.99)
    }
  })

  test('an embedding has the same bits whatever the slices, alone or in company', async () => {
    const { model } = await loadInNode(file)
    const alone = await embedWhole(model)
    for (const sliceTokens of [1, 5, 512]) {
      expect(await embedWhole((await loadInNode(file, { sliceTokens })).model)).toEqual(alone)
    }
    let steps = 0
    const single = await loadInNode(file, { sliceTokens: 1, onStep: () => steps++ })
    const answers = await runWhole(single.model)
    steps = 0
    const company = [embedWhole(single.model), runWhole(single.model), embedWhole(single.model)] as const
    expect(await Promise.all(company)).toEqual([alone, answers, alone])
    expect(steps).toBeLessThan(2 * tokenIds.length)
  })
})

import { beforeAll, describe, expect, test } from 'vitest'
import { randomSmoothing, runWhole, tokenIds } from '../../../tests/fixtures/families/run-whole.ts'
import { openOracle } from '../../../tests/fixtures/llama/float64-oracle.ts'
import {
  describeInNode,
  type NodeLoadOptions,
  loadInNode,
  loadVerifiedInNode,
} from '../../../tests/fixtures/llama/load-in-node.ts'
import { writeTinyLlama } from '../../../tests/fixtures/llama/tiny-llama.ts'
import { roundToBlocks } from '../../../tests/fixtures/round-to-blocks.ts'
import { readLogProb } from '../decode/log-probability.ts'
import type { LanguageModel } from '../decode/sequence.ts'
import { openGguf } from '../gguf/tensor-source.ts'
import type { KeptGraph, PassedTest, PreparedStore } from './prepared-store.ts'
import { createMemoryWeights, memoryStore } from './weights.ts'

const shapes = {
  'grouped heads, tied embedding': {},
  'one head a group, untied': { seed: 2, kvHeads: 4, tiedEmbedding: false },
}

describe.each(Object.entries(shapes))('a tiny llama with %s', (_name, options) => {
  const file = new Blob([writeTinyLlama(options)])

  test('float products agree with double precision to 1e-4', async () => {
    const oracle = await openOracle(await openGguf(file), roundToBlocks)
    const { model } = await loadInNode(file, { recipe: 'wasm-float-4' })
    const expected = oracle.logProbs(tokenIds)
    const rows = await runWhole(model)
    rows.forEach((row, position) => {
      for (const id of [0, 7, 97, 200, 268]) {
        expect(Math.abs(readLogProb(row, id) - expected[position]![id]!)).toBeLessThan(1e-4)
      }
    })
  })

  test('smoothing moves scales between inputs and weights and changes the answer by no more than rounding', async () => {
    const oracle = await openOracle(await openGguf(file), (weights) => Float32Array.from(weights))
    const expected = oracle.logProbs(tokenIds)
    const meanError = async (smoothing?: Blob) => {
      const { model } = await loadInNode(file, smoothing ? { smoothing } : {})
      const rows = await runWhole(model)
      const errors = rows.flatMap((row, position) =>
        [0, 7, 97, 200, 268].map((id) => Math.abs(readLogProb(row, id) - expected[position]![id]!)),
      )
      return errors.reduce((sum, error) => sum + error, 0) / errors.length
    }
    const smoothed = await meanError(new Blob([await randomSmoothing(file)]))
    expect(smoothed).toBeLessThan(3 * (await meanError()))
  })

  test('logits have the same bits whatever the slices and the cache', async () => {
    const whole = await runWhole((await loadInNode(file, { sliceTokens: 512 })).model)
    for (const sliceTokens of [1, 5, 7, 64]) {
      expect(await runWhole((await loadInNode(file, { sliceTokens })).model)).toEqual(whole)
    }
    const { model } = await loadInNode(file)
    expect(await runWhole(model, [3, 4, 60, 61, 90])).toEqual(whole)
  })

  test('logits have the same bits alone and in a batch of sequences of any length', async () => {
    let steps = 0
    const { model } = await loadInNode(file, { sliceTokens: 1, onStep: () => steps++ })
    const alone = await runWhole(model)
    steps = 0
    const behind = runWhole(model, [70, 90])
    const together = [behind, ...[1, 2, 3].map(() => runWhole(model))]
    for (const rows of await Promise.all(together)) expect(rows).toEqual(alone)
    expect(steps).toBeLessThan(2 * tokenIds.length)
  })

  test('a batch of sequences at different places gives each its own bits', async () => {
    const { model } = await loadInNode(file)
    const alone = await runWhole(model)
    const tails = [10, 64, 80].map(async (length) => {
      const sequence = model.openSequence()
      await sequence.append(tokenIds.slice(0, length), Infinity, () => {})
      const rows: Float32Array[] = []
      for (const tokenId of tokenIds.slice(length)) {
        await sequence.append([tokenId], 0, (logits) => rows.push(logits.slice()))
      }
      return { length, rows }
    })
    for (const { length, rows } of await Promise.all(tails)) expect(rows).toEqual(alone.slice(length))
  })
})

/** Keeps prepared weights, and what they passed with, as long as the test runs. */
function keepingStore() {
  const kept = new Map<string, KeptGraph>()
  const passed = new Map<string, PassedTest>()
  const prepared: PreparedStore = {
    find: async (key) => kept.get(key) ?? null,
    async create(key, bytes) {
      const weights = createMemoryWeights(bytes)
      return { ...weights, keep: async (graph) => void kept.set(key, { graph, weights }) }
    },
    passed: async (key) => passed.get(key) ?? null,
    notePassed: async (key, test) => void passed.set(key, test),
  }
  return { prepared, kept, passed }
}

describe('loading', () => {
  const file = new Blob([writeTinyLlama()])

  test('fails the known answer when the model is another', async () => {
    const knownAnswer = { promptIds: [1, 2], tokenIds: [3, 4], logProbs: [-0.1, -0.1], toleranceNats: 0.1 }
    await expect(loadInNode(file, { knownAnswer })).rejects.toMatchObject({
      code: 'engine/known-answer-failed',
    })
  })

  test.each([
    ['no token in its prompt', { promptIds: [1, 0xffff_ffff] }],
    ['no token in its answer', { tokenIds: [3, 0xffff_ffff] }],
    ['more tokens than it reads', { promptIds: Array.from({ length: 5_000 }, () => 1) }],
  ])('a known answer with %s is no fault of the machine', async (_name, wrong) => {
    const knownAnswer = { promptIds: [1, 2], tokenIds: [3, 4], logProbs: [-0.1, -0.1], toleranceNats: 0.1 }
    await expect(loadInNode(file, { knownAnswer: { ...knownAnswer, ...wrong } })).rejects.toMatchObject({
      code: 'engine/malformed-model',
    })
  })

  test('prepares once and finds the weights again', async () => {
    const { prepared, kept } = keepingStore()
    const first = await loadInNode(file, { prepared })
    const second = await loadInNode(file, { prepared })
    expect([first.facts.fromCache, second.facts.fromCache]).toEqual([false, true])
    expect(await runWhole(second.model)).toEqual(await runWhole(first.model))
    await loadInNode(file, { prepared, recipe: 'wasm-float-4' })
    expect(kept.size).toBe(2)
  })

  test('what is prepared needs the head of the file alone, and anything else the whole file', async () => {
    const { prepared } = keepingStore()
    const whole = describeInNode(file)
    const starts = Array.from((await openGguf(file)).tensors.values(), ({ byteOffset }) => byteOffset)
    const head = { ...whole, files: [file.slice(0, Math.min(...starts))] }
    const incomplete = { code: 'engine/incomplete-model' }
    await expect(loadVerifiedInNode(head, { prepared })).rejects.toMatchObject(incomplete)
    const first = await loadVerifiedInNode(whole, { prepared })
    const second = await loadVerifiedInNode(head, { prepared })
    expect([first.facts, second.facts]).toMatchObject([{ fromCache: false }, { fromCache: true }])
    expect(await runWhole(second.model)).toEqual(await runWhole(first.model))
    await expect(loadVerifiedInNode(head, { prepared, recipe: 'wasm-float-4' })).rejects.toMatchObject(
      incomplete,
    )
  })

  test.each([
    [1, 4, 1000],
    [20, 3, 50],
    [100, 1, 10],
  ])('with steps of %d ms it is timed for %d', async (stepMs, timed, tokensPerSecond) => {
    let steps = 0
    const { facts } = await loadInNode(file, { onStep: () => steps++, nowMs: () => steps * stepMs })
    // One is the known answer's, and one finds memory for those that are timed.
    expect(steps).toBe(1 + 1 + timed)
    expect(facts.tokensPerSecond).toBeCloseTo(tokensPerSecond)
  })

  test('what passed its known answer is not asked again, nor timed, by the same program in the same browser', async () => {
    const { prepared, passed } = keepingStore()
    const stepsOf = async (options: NodeLoadOptions = {}) => {
      let steps = 0
      const clock = { onStep: () => steps++, nowMs: () => steps * 10 }
      await loadInNode(file, { prepared, browser: 'one', ...options, ...clock })
      return steps
    }
    expect([await stepsOf(), await stepsOf(), await stepsOf()]).toEqual([6, 1, 1])
    expect(await stepsOf({ browser: 'another' })).toBe(6)
    expect(await stepsOf({ recipe: 'wasm-float-4' })).toBe(6)
    expect(passed.size).toBe(2)
    for (const [key, { tokensPerSecond }] of passed)
      passed.set(key, { test: 'another program', tokensPerSecond })
    expect([await stepsOf({ browser: 'another' }), await stepsOf({ browser: 'another' })]).toEqual([6, 1])
    const knownAnswer = { promptIds: [1, 2], tokenIds: [3, 4], logProbs: [-0.1, -0.1], toleranceNats: 0.1 }
    await expect(stepsOf({ browser: 'another', knownAnswer })).rejects.toMatchObject({
      code: 'engine/known-answer-failed',
    })
  })

  test('later visits tell the speed that was measured when the known answer passed', async () => {
    const { prepared } = keepingStore()
    const speedAt = async (stepMs: number, browser: string) => {
      let steps = 0
      const clock = { onStep: () => steps++, nowMs: () => steps * stepMs }
      const { facts } = await loadInNode(file, { prepared, browser, ...clock })
      return facts.tokensPerSecond
    }
    const speeds = [await speedAt(10, 'one'), await speedAt(30, 'one'), await speedAt(30, 'another')]
    expect(speeds.map(Math.round)).toEqual([100, 100, 33])
  })

  test('a machine that became much slower or faster is timed again, and not asked again', async () => {
    const { prepared } = keepingStore()
    const loadAt = async (stepMs: number) => {
      let steps = 0
      const clock = { onStep: () => steps++, nowMs: () => steps * stepMs }
      const { facts } = await loadInNode(file, { prepared, ...clock })
      return [Math.round(facts.tokensPerSecond), steps]
    }
    const loads = [await loadAt(10), await loadAt(100), await loadAt(100), await loadAt(10)]
    expect(loads).toEqual([
      [100, 6],
      [10, 3],
      [10, 1],
      [100, 6],
    ])
  })

  test('what failed its known answer is asked again', async () => {
    const { prepared, passed } = keepingStore()
    const knownAnswer = { promptIds: [1, 2], tokenIds: [3, 4], logProbs: [-0.1, -0.1], toleranceNats: 0.1 }
    for (let visit = 0; visit < 2; visit++) {
      const failure = { code: 'engine/known-answer-failed' }
      await expect(loadInNode(file, { prepared, knownAnswer })).rejects.toMatchObject(failure)
    }
    expect(passed.size).toBe(0)
  })

  test('the arithmetic is named by its recipe and identified by a hash', async () => {
    const [int8, again, float] = [
      await loadInNode(file),
      await loadInNode(file),
      await loadInNode(file, { recipe: 'wasm-float-4' }),
    ]
    expect(int8.facts.arithmetic).toBe('wasm-int8-6')
    expect(int8.facts.arithmeticId).toMatch(/^0x[0-9a-f]{64}$/)
    expect(again.facts.arithmeticId).toBe(int8.facts.arithmeticId)
    expect(float.facts.arithmeticId).not.toBe(int8.facts.arithmeticId)
  })

  test('a cancelled load ends', async () => {
    const cancel = new AbortController()
    const prepared: PreparedStore = { ...memoryStore, find: async () => (cancel.abort(), null) }
    await expect(loadInNode(file, { prepared, signal: cancel.signal })).rejects.toThrow()
  })
})

describe('cancelling', () => {
  let model: LanguageModel
  beforeAll(async () => {
    model = (await loadInNode(new Blob([writeTinyLlama()]), { sliceTokens: 8 })).model
  })

  test('ends a long prefill between two slices', async () => {
    const sequence = model.openSequence()
    const cancel = new AbortController()
    const stopAt = (_logits: Float32Array, position: number) => {
      if (position === 20) cancel.abort()
    }
    await expect(sequence.append(tokenIds, 0, stopAt, cancel.signal)).rejects.toThrow()
    expect(sequence.length).toBe(24)
  })
})

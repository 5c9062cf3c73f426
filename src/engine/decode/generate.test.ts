import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadInNode } from '../../../tests/fixtures/llama/load-in-node.ts'
import { createCopyModel } from '../../../tests/fixtures/copy-model.ts'
import { recordAnswer, replaceAppend } from '../../../tests/fixtures/llama/recorded-answer.ts'
import { writeTinyLlama } from '../../../tests/fixtures/llama/tiny-llama.ts'
import { defaultSampler } from '../../domain/job.ts'
import type { GenerateRequest } from '../../ports/engine.ts'
import { createByteModel } from '../memory-model.ts'
import type { LanguageModel } from './sequence.ts'
import { createSequencePool } from './sequence-pool.ts'

/** Guesses wherever there is one. */
const eagerly = (model: LanguageModel): LanguageModel => ({ ...model, steps: { alone: true, cost: () => 1 } })
const never = (model: LanguageModel): LanguageModel => ({ ...model, steps: undefined })

const greedy = { ...defaultSampler, temperature: 0, repetitionPenalty: 1 }
const request = (options: Partial<GenerateRequest>): GenerateRequest => ({
  promptIds: [1, 2, 3],
  sampler: greedy,
  seed: `0x${'5eed'.repeat(8)}`,
  maxTokens: 40,
  stop: [],
  ...options,
})

/** Random prompts, half of which repeat themselves, under any settings. */
const anyRequest = (vocabularySize: number) => {
  const tokens = fc.array(fc.nat(vocabularySize - 1), { minLength: 1, maxLength: 30 })
  const sampler = fc.record({
    temperature: fc.constantFrom(0, 0, 0.2, 0.7, 1.2),
    topK: fc.constantFrom(0, 2, 40),
    topP: fc.constantFrom(0.3, 0.95, 1),
    minP: fc.constantFrom(0, 0.1),
    repetitionPenalty: fc.constantFrom(0.7, 1, 1, 1.2),
  })
  return fc
    .record({
      tokens,
      repeats: fc.integer({ min: 1, max: 4 }),
      sampler,
      maxTokens: fc.integer({ min: 0, max: 40 }),
      stop: fc.array(fc.constantFrom('e', 'th', ' a', 'zz'), { maxLength: 2 }),
      seed: fc.integer({ min: 0, max: 2 ** 31 }),
    })
    .map(({ tokens: once, repeats, seed, ...rest }) =>
      request({
        ...rest,
        promptIds: Array.from({ length: repeats }, () => once).flat(),
        seed: `0x${seed.toString(16).padStart(32, '0')}`,
      }),
    )
}

describe('with guesses an answer is what it is without', () => {
  const byteModel = createByteModel({ contextTokens: 150, weights: 3, pause: async () => {} })
  let llama: LanguageModel
  beforeAll(async () => {
    llama = (await loadInNode(new Blob([writeTinyLlama()]))).model
  })

  async function expectSame(model: LanguageModel, wanted: GenerateRequest): Promise<void> {
    const plain = await recordAnswer(never(model), model.openSequence(), wanted)
    expect(await recordAnswer(eagerly(model), model.openSequence(), wanted)).toEqual(plain)
  }

  test('byte model, 600 requests', async () => {
    const requests = anyRequest(258)
    await fc.assert(
      fc.asyncProperty(requests, (wanted) => expectSame(byteModel, wanted)),
      { numRuns: 600 },
    )
  })

  test('tiny llama, down to the logits', async () => {
    const requests = anyRequest(269)
    await fc.assert(
      fc.asyncProperty(requests, (wanted) => expectSame(llama, wanted)),
      { numRuns: 120 },
    )
  })

  test('each end that an answer can have, in the middle of a step', async () => {
    const copying = createCopyModel(20)
    const whole = await recordAnswer(never(copying), copying.openSequence(), request({ maxTokens: 60 }))
    expect(whole.tokenIds.length).toBe(60)
    for (let maxTokens = 30; maxTokens < 60; maxTokens++) await expectSame(copying, request({ maxTokens }))
    for (const endId of whole.tokenIds.slice(0, 20)) {
      await expectSame({ ...copying, endIds: new Set([endId]) }, request({ maxTokens: 60 }))
    }
    const letters = [...whole.text].slice(20, 50)
    for (const [index] of letters.entries()) {
      await expectSame(copying, request({ maxTokens: 60, stop: [whole.text.slice(0, 21 + index)] }))
    }
  })
})

describe('guessing', () => {
  const copying = eagerly(createCopyModel(10))

  /** Returns the numbers of tokens that went into each step of an answer. */
  async function watchSteps(model: LanguageModel): Promise<number[]> {
    const sizes: number[] = []
    const inner = model.openSequence()
    const sequence = replaceAppend(inner, (tokenIds, ...rest) => {
      sizes.push(tokenIds.length)
      return inner.append(tokenIds, ...rest)
    })
    const { tokenIds } = await recordAnswer(model, sequence, request({ maxTokens: 90 }))
    expect(tokenIds.length).toBe(90)
    return sizes
  }

  test('a text that repeats itself takes an eighth of the steps', async () => {
    const sizes = await watchSteps(copying)
    expect(sizes.length).toBeLessThan(24)
    expect(sizes[0]).toBe(3)
    expect(Math.max(...sizes)).toBe(8)
  })

  test('a cancellation between two tokens of one step ends the answer there', async () => {
    for (let after = 1; after < 40; after++) {
      const cancel = new AbortController()
      let heard = 0
      const answer = await recordAnswer(copying, copying.openSequence(), request({ maxTokens: 60 }), {
        signal: cancel.signal,
        onToken: () => void (++heard === after && cancel.abort()),
      })
      expect([answer.tokenIds.length, answer.finishReason]).toEqual([after, 'cancelled'])
    }
  })

  test('wrong guesses leave nothing behind for the next turn', async () => {
    const { model } = await loadInNode(new Blob([writeTinyLlama()]))
    const pool = createSequencePool(model)
    const promptIds = Array.from({ length: 60 }, (_, i) => (i * 31) % 20)
    const sequence = await pool.borrow(promptIds)
    const first = await recordAnswer(eagerly(model), sequence, request({ promptIds, maxTokens: 20 }))
    pool.giveBack(sequence)
    const next = request({ promptIds: [...promptIds, ...first.tokenIds, 5, 6], maxTokens: 20 })
    const kept = await pool.borrow(next.promptIds)
    expect(kept.length).toBeGreaterThanOrEqual(79)
    const second = await recordAnswer(eagerly(model), kept, next)
    expect(second).toEqual(await recordAnswer(never(model), model.openSequence(), next))
  })

  test('is left while others share the steps', async () => {
    const sizes = await watchSteps({ ...copying, steps: { alone: false, cost: () => 1 } })
    expect(new Set(sizes.slice(1))).toEqual(new Set([1]))
  })
})

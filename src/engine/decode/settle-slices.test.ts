import { describe, expect, test } from 'vitest'
import type { KnownAnswer } from '../../domain/model.ts'
import { EngineError } from '../../errors/index.ts'
import { readLogProb } from './log-probability.ts'
import type { LanguageModel, Sequence } from './sequence.ts'
import { settleSlices } from './settle-slices.ts'
import { SliceLength } from './slice-length.ts'
import { checkFinite, cutSlices } from './slices.ts'

const vocabularySize = 24
const computeRow = (tokenId: number, position: number) =>
  Float32Array.from({ length: vocabularySize }, (_, id) => 3 * Math.sin(7 * tokenId + 3 * position + id))

type Gpu = {
  /** Slices of so many tokens and more are computed wrongly, beyond their first few tokens. */
  wrongFrom?: number
  /** What such rows are. */
  wrongRow?: (row: Float32Array) => Float32Array
  stepMs?: number
  tokenMs?: number
  contextTokens?: number
}

/** A model on a GPU that may compute long slices wrongly, and the lengths of the slices that it got. */
function openGpu(gpu: Gpu = {}) {
  const { wrongFrom = Infinity, wrongRow = (row) => row.toReversed() } = gpu
  const { stepMs = 5, tokenMs = 0.1, contextTokens = 512 } = gpu
  const slices = new SliceLength(31)
  const seen: number[] = []
  const openSequence = (): Sequence => {
    let length = 0
    return {
      get length() {
        return length
      },
      async append(tokenIds, from, onLogits) {
        for (const slice of cutSlices(tokenIds, length, from, () => slices.tokens)) {
          const tokens = slice.tokenIds.length
          seen.push(tokens)
          slices.observe(tokens, stepMs + tokenMs * (tokens - 1))
          slice.tokenIds.forEach((tokenId, index) => {
            const position = slice.position + index
            const row = computeRow(tokenId, position)
            if (position < from) return
            const given = tokens >= wrongFrom && index >= 4 ? wrongRow(row) : row
            checkFinite(given)
            onLogits(given, position)
          })
          length += tokens
        }
        expect(length).toBeLessThanOrEqual(contextTokens)
      },
      readState: () => Promise.reject(new Error('Nobody asks.')),
      truncate: () => {},
      fork: () => openSequence(),
      cacheBytes: 0,
      close: () => {},
    }
  }
  const model: LanguageModel = {
    ...{ contextTokens, vocabularySize, embeddingWidth: 1, openSequence },
    ...{ endIds: new Set(), tokenBytes: () => new Uint8Array() },
  }
  return { model, slices, seen }
}

/** What the model answers where it computes rightly. */
function answerOf(promptTokens: number, answerTokens: number): KnownAnswer {
  const tokens = Array.from({ length: promptTokens + answerTokens }, (_, i) => (i * 5 + 2) % vocabularySize)
  const tokenIds = tokens.slice(promptTokens)
  const logProbs = tokenIds.map((tokenId, index) => {
    const before = promptTokens + index - 1
    return readLogProb(computeRow(tokens[before]!, before), tokenId)
  })
  return { promptIds: tokens.slice(0, promptTokens), tokenIds, logProbs, toleranceNats: 0.1 }
}

const usual = answerOf(59, 24)

describe('slices settle at', () => {
  test.each([
    ['256 tokens where all is right and quick', {}, usual, 256],
    ['31 where longer ones are wrong', { wrongFrom: 32 }, usual, 31],
    ['31 where only a text longer than the known answer shows it', { wrongFrom: 32 }, answerOf(2, 3), 31],
    ['31 where the known answer is right and 256 tokens are not', { wrongFrom: 100 }, answerOf(10, 3), 31],
    ['the known answer where anything longer is wrong', { wrongFrom: 100 }, usual, 82],
    ['8 where 31 are wrong', { wrongFrom: 20 }, usual, 8],
    ['8 where 31 are wrong and the known answer is short', { wrongFrom: 20 }, answerOf(2, 3), 8],
    ['31 where longer ones are no numbers', { wrongFrom: 32, wrongRow: () => computeRow(NaN, 0) }, usual, 31],
    [
      '31 where longer ones than the known answer are no numbers',
      { wrongFrom: 100, wrongRow: () => computeRow(NaN, 0) },
      answerOf(2, 3),
      31,
    ],
    ['what is quick, where that is less', { stepMs: 10, tokenMs: 0.5 }, usual, 80],
    ['what is quick, where that is more than the known answer', { stepMs: 10, tokenMs: 0.3 }, usual, 128],
    ['8 on a slow machine', { stepMs: 20, tokenMs: 8 }, usual, 8],
    ['what the context holds', { contextTokens: 100 }, usual, 100],
  ] as [string, Gpu, KnownAnswer, number][])('%s', async (_name, gpu, answer, expected) => {
    const { model, slices } = openGpu(gpu)
    await settleSlices(model, slices, answer)
    expect(slices.tokens).toBe(expected)
  })
})

test('no slice is tried that would take long', async () => {
  const { model, slices, seen } = openGpu({ stepMs: 10, tokenMs: 0.5 })
  await settleSlices(model, slices, usual)
  expect(Math.max(...seen)).toBeLessThanOrEqual(82)
})

test('a model that is wrong in any slices fails its known answer', async () => {
  const { model, slices } = openGpu({ wrongFrom: 5 })
  await expect(settleSlices(model, slices, usual)).rejects.toMatchObject({
    code: 'engine/known-answer-failed',
  })
})

test('what shorter slices would not cure is told at once', async () => {
  const { model, slices, seen } = openGpu()
  const lost = new EngineError('engine/device-lost', 'The GPU was lost.')
  const sequence = { ...model.openSequence(), append: () => Promise.reject(lost) }
  const broken = { ...model, openSequence: () => sequence }
  await expect(settleSlices(broken, slices, usual)).rejects.toBe(lost)
  expect(seen).toEqual([])
})

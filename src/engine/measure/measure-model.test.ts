import { beforeAll, expect, test } from 'vitest'
import { tinyQwen3, writeTinyModel } from '../../../tests/fixtures/families/tiny-models.ts'
import { writeTinyLlama } from '../../../tests/fixtures/llama/tiny-llama.ts'
import { nodePlace } from '../../../tests/fixtures/node-place.ts'
import type { MeasuredModel, MeasureProgress } from '../../ports/engine.ts'
import { parseSmoothing } from '../graph/smoothing-file.ts'
import { measureModel, testMeasured } from './measure-model.ts'

const file = new Blob([writeTinyLlama()])
const calibration = { prompts: ['Hello there.', 'What is a relay?'], answerTokens: 4, strength: 0.5 }
const progress: MeasureProgress[] = []
let measured: MeasuredModel

beforeAll(async () => {
  measured = await measureModel(file, nodePlace, {
    ...calibration,
    onProgress: (step) => progress.push(step),
  })
})

test('a model file tells its family, its context and its own greedy answer', () => {
  expect(measured).toMatchObject({ family: 'llama', contextTokens: 512 })
  const { promptIds, tokenIds, logProbs, toleranceNats } = measured.knownAnswer
  expect(promptIds.length).toBeGreaterThan(0)
  expect(tokenIds.length).toBeGreaterThan(0)
  expect(logProbs).toHaveLength(tokenIds.length)
  expect(Math.max(...logProbs)).toBeLessThanOrEqual(0)
  expect(toleranceNats).toBe(0.3)
})

test('it comes with a scale for every input of a product', () => {
  const smoothing = parseSmoothing(measured.smoothing)
  const scales = smoothing.scalesOf('blk.0.attn_norm', 128)
  expect(scales?.every((scale) => scale > 0 && Number.isFinite(scale))).toBe(true)
})

test('it tells how far it is, stage by stage', () => {
  expect([...new Set(progress.map(({ stage }) => stage))]).toEqual(['check', 'prepare', 'observe'])
  expect(progress.at(-1)).toEqual({ stage: 'observe', fraction: 1 })
})

test('measured twice it is the same', async () => {
  expect(await measureModel(file, nodePlace, calibration)).toEqual(measured)
})

test('the engine gives the measured answer with 8-bit products, and no other', async () => {
  await testMeasured(file, measured, nodePlace)
  const { knownAnswer } = measured
  const wrong = { ...knownAnswer, logProbs: knownAnswer.logProbs.map((value) => value - 2) }
  await expect(testMeasured(file, { ...measured, knownAnswer: wrong }, nodePlace)).rejects.toMatchObject({
    code: 'engine/known-answer-failed',
  })
})

test('a model that cannot be run is refused by name', async () => {
  const odd = new Blob([writeTinyModel({ ...tinyQwen3, architecture: 'mamba' })])
  await expect(measureModel(odd, nodePlace, calibration)).rejects.toMatchObject({
    code: 'engine/unsupported-model',
    shortMessage: expect.stringContaining('mamba'),
  })
})

test('it stops when nobody waits for it any more', async () => {
  const abort = new AbortController()
  const onProgress = ({ stage }: MeasureProgress) => stage === 'observe' && abort.abort()
  const { signal } = abort
  await expect(measureModel(file, nodePlace, { ...calibration, onProgress, signal })).rejects.toThrow()
})

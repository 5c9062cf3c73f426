import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readLogProb } from '../../src/engine/decode/log-probability.ts'
import type { LanguageModel } from '../../src/engine/decode/sequence.ts'
import { openGguf } from '../../src/engine/gguf/tensor-source.ts'
import { measureFolder } from '../../src/engine/measure/measure-folder.ts'
import type { GenerateRequest, VerifiedModel } from '../../src/ports/engine.ts'
import { defaultSampler } from '../../src/domain/job.ts'
import { roundToNibbles } from '../../tools/onnx-folder/nibble-products.ts'
import { writeOnnxFolder } from '../../tools/onnx-folder/write-onnx-folder.ts'
import { openOracle } from '../fixtures/llama/float64-oracle.ts'
import { loadVerifiedInNode } from '../fixtures/llama/load-in-node.ts'
import { readFolder } from '../fixtures/llama/read-folder.ts'
import { recordAnswer } from '../fixtures/llama/recorded-answer.ts'
import { tinyShape, writeTinyLlama } from '../fixtures/llama/tiny-llama.ts'
import { nodePlace } from '../fixtures/node-place.ts'

const gguf = new Blob([writeTinyLlama()])
const tokenIds = Array.from({ length: 90 }, (_, i) => (i * 37 + 11) % 269)

let place: string
let folder: VerifiedModel
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'opentab-halves-'))
  await writeOnnxFolder(gguf, place, { type: 'q4f16', positions: 512 })
  folder = await readFolder(place)
})
afterAll(() => rm(place, { recursive: true }))

/** Log-probabilities after each token of the text, appended in slices that end at `cuts`. */
async function readText(model: LanguageModel, cuts: readonly number[]): Promise<Float32Array[]> {
  const sequence = model.openSequence()
  const rows: Float32Array[] = []
  for (const [index, cut] of cuts.entries()) {
    const slice = tokenIds.slice(cuts[index - 1] ?? 0, cut)
    await sequence.append(slice, 0, (logits) => rows.push(logits.map((_, id) => readLogProb(logits, id))))
  }
  sequence.close()
  return rows
}

function meanDifference(left: ArrayLike<number>[], right: ArrayLike<number>[]): number {
  const differences = left.flatMap((row, at) =>
    Array.from(row, (value, id) => Math.abs(value - right[at]![id]!)),
  )
  return differences.reduce((sum, difference) => sum + difference, 0) / differences.length
}

test('weights of 4 bits with floats of half precision give what the same weights give in double precision', async () => {
  const oracle = await openOracle(await openGguf(gguf), roundToNibbles)
  const { model } = await loadVerifiedInNode(folder)
  const right = oracle.logProbs(tokenIds)
  for (const cuts of [[90], [1, 2, 3, 40, 71, 90]]) {
    expect(meanDifference(await readText(model, cuts), right)).toBeLessThan(0.01)
  }
})

test('its keys and values take two bytes each, as it says before', async () => {
  const { model, facts } = await loadVerifiedInNode(folder)
  const { layers, kvHeads, width, heads } = tinyShape
  expect(facts).toMatchObject({ arithmetic: 'wasm-folder-1', exact: false })
  expect(facts.cacheBytesPerToken).toBe(layers * 2 * kvHeads * (width / heads) * 2)
  const sequence = model.openSequence()
  await sequence.append(tokenIds.slice(0, 10), Infinity, () => {})
  expect(sequence.cacheBytes).toBe(10 * facts.cacheBytesPerToken)
})

test('its caches are forked, cut back and gone on from, and every answer is the same', async () => {
  const { model } = await loadVerifiedInNode(folder)
  const request: GenerateRequest = {
    promptIds: tokenIds.slice(0, 70),
    sampler: { ...defaultSampler, temperature: 0.8 },
    seed: `0x${'5eed'.repeat(8)}`,
    maxTokens: 16,
    stop: [],
  }
  const alone = await recordAnswer(model, model.openSequence(), request)
  expect(alone.tokenIds.length).toBeGreaterThan(3)
  const changed = model.openSequence()
  await changed.append([...request.promptIds.slice(0, -1), 5, 6], Infinity, () => {})
  const beginning = changed.fork(40)
  changed.truncate(69)
  const answers = await Promise.all([
    recordAnswer(model, changed, request),
    recordAnswer(model, beginning, request),
    recordAnswer(model, model.openSequence(), request),
  ])
  expect(answers.map((answer) => answer.tokenIds)).toEqual([1, 2, 3].map(() => alone.tokenIds))
})

test('what is cut back to is what was computed', async () => {
  const { model } = await loadVerifiedInNode(folder)
  const right = (await readText(model, [31])).at(-1)!
  const sequence = model.openSequence()
  await sequence.append([...tokenIds.slice(0, 30), 1, 2, 3, 4], Infinity, () => {})
  sequence.truncate(30)
  const rows: number[][] = []
  await sequence.append(tokenIds.slice(30, 31), 30, (logits) =>
    rows.push(Array.from(logits, (_, id) => readLogProb(logits, id))),
  )
  expect(rows).toHaveLength(1)
  expect(meanDifference(rows, [right])).toBeLessThan(0.01)
})

test('it can be measured, and gives what was measured', async () => {
  const files = folder.manifest.files.map(({ path }, index) => ({ path, blob: folder.files[index]! }))
  const { family, knownAnswer } = await measureFolder(files, nodePlace)
  expect(family).toBe('llama')
  const manifest = { ...folder.manifest, knownAnswer: { ...knownAnswer, toleranceNats: 1e-5 } }
  await loadVerifiedInNode({ ...folder, manifest })
  const wrong = { ...knownAnswer, logProbs: knownAnswer.logProbs.map((logProb) => logProb - 1) }
  await expect(
    loadVerifiedInNode({ ...folder, manifest: { ...manifest, knownAnswer: wrong } }),
  ).rejects.toMatchObject({ code: 'engine/known-answer-failed' })
})

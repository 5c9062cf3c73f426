import { openAsBlob } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { distributions } from '../../src/engine/decode/distributions.ts'
import { defaultSampler } from '../../src/domain/job.ts'
import type { Distribution } from '../../src/ports/engine.ts'
import { engineCases } from '../conformance/engine.ts'
import { llama3Vocabulary } from '../fixtures/families/llama3-vocabulary.ts'
import { sentencePieceVocabulary } from '../fixtures/families/sentencepiece-vocabulary.ts'
import { loadInNode } from '../fixtures/llama/load-in-node.ts'
import { readFolder } from '../fixtures/llama/read-folder.ts'
import type { FolderType } from '../../tools/onnx-folder/hugging-face-graph.ts'
import { writeOnnxFolder } from '../../tools/onnx-folder/write-onnx-folder.ts'
import { type Harness, moduleIn, openHarness } from './harness.ts'

const tiny = '/tests/fixtures/tiny-llama'
const tinyFile = fileURLToPath(new URL('../fixtures/tiny-llama/tiny-llama.gguf', import.meta.url))
/** In a folder that is no part of the repository. */
const folderUrl = '/.opentab/tests/onnx-folder'
const halfFolderUrl = '/.opentab/tests/onnx-half-folder'
const tokenIds = Array.from({ length: 90 }, (_, i) => (i * 37 + 11) % 269)
const vocabularySize = 271

const engineIn = (page: Page) =>
  moduleIn<typeof import('./engine-page.ts')>(page, 'tests/browser/engine-page.ts')

describe('without a GPU', () => {
  let harness: Harness
  let page: Page
  beforeAll(async () => {
    harness = await openHarness()
    page = await harness.openPage()
  })
  afterAll(() => harness?.close())
  const engine = () => engineIn(page)

  const numbered = engineCases.map(({ name }, index) => ({ name, index }))
  test.each(numbered)('$name', ({ index }) => engine().call('runEngineCase', tiny, index))

  test('the probe chooses the processor and says why', async () => {
    const probe = await engine().call('probe')
    expect(probe).toMatchObject({ webgpu: null, crossOriginIsolated: true, backends: ['wasm'] })
    expect(probe.reason).toContain('no GPU')
  })

  test('logits have the same bits in the page, in Node, in any slices, on any number of threads', async () => {
    const { model } = await loadInNode(await openAsBlob(tinyFile))
    const here = await distributions(model, model.openSequence(), tokenIds, 80, 10)
    for (const [sliceTokens, threads] of [
      [5, 1],
      [64, 2],
    ] as const) {
      await engine().call('load', tiny, ['wasm'], { sliceTokens, threads })
      expect(await engine().call('distributions', tokenIds, 80, 10)).toEqual(here)
    }
  })

  test('logits and tokens have the same bits on one thread, on two and on four', async () => {
    const sampler = { temperature: 0.8, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 }
    const seed = `0x${'07'.repeat(16)}` as const
    const promptIds = tokenIds.slice(0, 70)
    const run = async (threads: number, sliceTokens: number) => {
      await engine().call('load', tiny, ['wasm'], { sliceTokens, threads })
      const logits = await engine().call('distributions', tokenIds, 30, vocabularySize)
      const { tokenIds: chosen } = await engine().call('answer', {
        ...{ promptIds, sampler, seed, maxTokens: 40, stop: [] },
      })
      return { logits, chosen }
    }
    const alone = await run(1, 64)
    expect(alone.chosen.length).toBeGreaterThan(5)
    for (const threads of [2, 4]) {
      expect(await run(threads, 64)).toEqual(alone)
      expect(await run(threads, 1)).toEqual(alone)
    }
  })

  test.each(['weights.bin', 'graph.onnx'] as const)(
    '%s is found again, and never used once a byte of it changed',
    async (name) => {
      await engine().call('load', tiny, ['wasm'])
      expect((await engine().call('load', tiny, ['wasm'])).fromCache).toBe(true)
      const right = await engine().call('distributions', tokenIds, 10, 5)
      expect(await engine().call('corruptPrepared', name)).toBeGreaterThan(0)
      expect((await engine().call('load', tiny, ['wasm'])).fromCache).toBe(false)
      expect(await engine().call('distributions', tokenIds, 10, 5)).toEqual(right)
      expect((await engine().call('load', tiny, ['wasm'])).fromCache).toBe(true)
    },
  )

  test('prepared weights of the last few models are kept, and no more', async () => {
    const ids = ['01', '02', '03', '04'].map((byte) => `0x${byte.repeat(32)}` as const)
    for (const id of ids) await engine().call('loadAs', tiny, id)
    const kept = await engine().call('listPreparedWeights')
    expect(kept).toHaveLength(3)
    expect(kept).toContain(`${ids[3]}-wasm-int8-6`)
  })

  test('an answer is cancelled while its prompt is still being read', async () => {
    await engine().call('load', tiny, ['wasm'], { sliceTokens: 1 })
    const promptIds = Array.from({ length: 500 }, (_, i) => i % 269)
    expect(await engine().call('cancelPrefill', promptIds)).toBe('cancelled')
  })

  test('a worker that fails is replaced, and the next answer is the same', async () => {
    const [before, after] = await engine().call('outliveWorker', tiny, tokenIds)
    expect(after).toEqual(before)
  })

  test('the embedded model passes its known answer and answers', async () => {
    const loaded = await engine().call('load', '/models/smollm2-135m-instruct')
    expect(loaded).toMatchObject({ backend: 'wasm', arithmetic: 'wasm-int8-6', contextTokens: 4096 })
    const promptIds = await engine().call('encodeChat', 'Name three fruits.')
    const sampler = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 }
    const seed = `0x${'00'.repeat(16)}` as const
    const { text } = await engine().call('answer', { promptIds, sampler, seed, maxTokens: 24, stop: [] })
    expect(text).toMatch(/[A-Za-z]{3}/)
  })
})

describe('with an imitated GPU', () => {
  let harness: Harness
  let page: Page
  beforeAll(async () => {
    await writeFolder(folderUrl, 'fp32')
    await writeFolder(halfFolderUrl, 'q4f16')
    harness = await openHarness({ softwareWebGpu: true })
    page = await harness.openPage()
  })
  afterAll(() => harness?.close())
  const engine = () => engineIn(page)

  test('the probe finds the adapter and still prefers the processor', async () => {
    const probe = await engine().call('probe')
    expect(probe.webgpu?.maxBufferBytes).toBeGreaterThan(1e8)
    expect(probe.backends).toEqual(['wasm', 'webgpu'])
    expect(probe.reason).toContain('imitated')
  })

  test('WebGPU and float products on the processor agree within 1e-4', async () => {
    await engine().call('load', tiny, ['wasm'], { recipes: { wasm: 'wasm-float-4' } })
    const onProcessor = await engine().call('distributions', tokenIds, 89, vocabularySize)
    const loaded = await engine().call('load', tiny, ['webgpu'])
    expect(loaded).toMatchObject({ backend: 'webgpu', arithmetic: 'webgpu-q8-3' })
    const onGpu = await engine().call('distributions', tokenIds, 89, vocabularySize)
    expect(largestDifference(onProcessor, onGpu)).toBeLessThan(1e-4)
  })

  test('answers that join and leave beside one another are what each is alone', async () => {
    await engine().call('load', tiny, ['webgpu'])
    const requests = [30, 12, 70, 45, 20].map((promptTokens, index) => ({
      promptIds: tokenIds.slice(index, index + promptTokens),
      sampler: { ...defaultSampler, temperature: 0.8 },
      seed: `0x${'5eed'.repeat(8)}` as const,
      maxTokens: 24 - 4 * index,
      stop: [],
    }))
    const alone = await engine().call('answerAll', requests, null)
    expect(await engine().call('answerAll', requests, 2)).toEqual(alone)
    // Their texts go on where they ended, and one begins as another did.
    const [first, second] = requests.map((request, index) => ({
      ...request,
      promptIds: [...request.promptIds, ...alone[index]!, 7, 9],
    }))
    const nextTurns = [first!, second!, { ...first!, promptIds: [...first!.promptIds, 11] }]
    const next = await engine().call('answerAll', nextTurns, 3)
    await engine().call('load', tiny, ['webgpu'])
    expect(next).toEqual(await engine().call('answerAll', nextTurns, null))
  }, 400_000)

  test('once a model is loaded no answer waits for a program of the GPU, alone or beside others', async () => {
    const ask = (promptTokens: number, first: number) => ({
      promptIds: Array.from({ length: promptTokens }, (_, i) => ((first + i) * 37 + 11) % 269),
      sampler: { ...defaultSampler, temperature: 0.8 },
      seed: `0x${'5eed'.repeat(8)}` as const,
      maxTokens: 16,
      stop: [],
    })
    const alone = [[ask(40, 0)], [ask(2, 1)], [ask(3, 2)], [ask(300, 3)]]
    const two = [ask(17, 4), ask(33, 5)]
    const three = [ask(5, 6), ask(20, 7), ask(50, 8)]
    const four = [ask(12, 9), ask(22, 10), ask(32, 11), ask(270, 12)]
    const counts = await engine().call('countGpuWork', tiny, [...alone, two, three, four])
    const [loaded, ...rounds] = counts
    expect(loaded!.programs).toBeGreaterThan(5)
    expect(rounds.map(({ programs }) => programs)).toEqual(rounds.map(() => loaded!.programs))
    // Fewer steps than tokens: they were shared.
    for (const round of [5, 6, 7]) {
      expect(counts[round]!.readings - counts[round - 1]!.readings).toBeLessThan(counts[round]!.tokens)
    }
  })

  test.each([
    ['llama3', llama3Vocabulary().tokens.length],
    ['qwen2', vocabularySize],
    ['qwen3', vocabularySize],
    ['gemma3', sentencePieceVocabulary().tokens.length],
  ] as const)('the same holds for a tiny %s', async (family, tokens) => {
    // Longer than the slices that this adapter computes rightly: whatever the known answer says, no others are taken.
    const prompt = tokenIds.slice(0, 48)
    await engine().call('loadFamily', family, 'wasm', { recipes: { wasm: 'wasm-float-4' } })
    const onProcessor = await engine().call('distributions', prompt, 47, tokens)
    await engine().call('loadFamily', family, 'webgpu')
    const onGpu = await engine().call('distributions', prompt, 47, tokens)
    expect(largestDifference(onProcessor, onGpu)).toBeLessThan(1e-4)
  })

  test('a folder in the layout of transformers.js runs on either back end', async () => {
    await engine().call('load', tiny, ['wasm'], { recipes: { wasm: 'wasm-float-4' } })
    const original = await engine().call('distributions', tokenIds, 60, vocabularySize)
    for (const backend of ['wasm', 'webgpu'] as const) {
      const loaded = await engine().call('load', folderUrl, [backend])
      expect(loaded).toMatchObject({ backend, arithmetic: `${backend}-folder-1`, exact: false })
      const found = await engine().call('distributions', tokenIds, 60, vocabularySize)
      expect(largestDifference(original, found)).toBeLessThan(1e-4)
      const question = {
        sampler: defaultSampler,
        seed: `0x${'5eed'.repeat(8)}` as const,
        maxTokens: 5,
        stop: [],
      }
      const promptIds = await engine().call('encodeChat', 'Hello')
      expect((await engine().call('answer', { ...question, promptIds })).tokenIds.length).toBeGreaterThan(0)
    }
  })

  test('a folder in half precision runs on the processor, and on a GPU that has it or not at all', async () => {
    const { webgpu } = await engine().call('probe')
    await engine().call('load', halfFolderUrl, ['wasm'])
    const onProcessor = await engine().call('distributions', tokenIds, 60, vocabularySize)
    if (webgpu?.shaderF16) {
      expect((await engine().call('load', halfFolderUrl, ['webgpu'])).backend).toBe('webgpu')
      const onGpu = await engine().call('distributions', tokenIds, 60, vocabularySize)
      expect(largestDifference(onProcessor, onGpu)).toBeLessThan(0.5)
      const request = {
        promptIds: tokenIds.slice(0, 40),
        sampler: { ...defaultSampler, temperature: 0 },
        seed: `0x${'5eed'.repeat(8)}` as const,
        maxTokens: 6,
        stop: [],
      }
      // Each begins as the others do, so that caches are shared, and cut back, where they lie.
      const answers = await engine().call('answerAll', [request, request, request], 2)
      expect(answers).toEqual([1, 2, 3].map(() => answers[0]))
      return
    }
    await expect(engine().call('load', halfFolderUrl, ['webgpu'])).rejects.toMatchObject({
      code: 'engine/no-backend',
      shortMessage: expect.stringContaining('no half precision'),
    })
    const loaded = await engine().call('load', halfFolderUrl, ['webgpu', 'wasm'])
    expect(loaded).toMatchObject({ backend: 'wasm', arithmetic: 'wasm-folder-1' })
    expect(loaded.reason).toContain('webgpu failed: The GPU here has no half precision')
    expect(await engine().call('distributions', tokenIds, 60, vocabularySize)).toEqual(onProcessor)
  })

  test('a back end that fails gives way to the next, and the reason tells', async () => {
    const recipes = { webgpu: 'wasm-int8-6' } as const
    await expect(engine().call('loadWronglyKnown', tiny)).rejects.toMatchObject({
      code: 'engine/known-answer-failed',
    })
    const loaded = await engine().call('load', tiny, ['webgpu', 'wasm'], { recipes })
    expect(loaded.arithmetic).toBe('wasm-int8-6')
  })
})

/** Writes the tiny model as a folder where the harness serves it. */
async function writeFolder(url: string, type: FolderType): Promise<void> {
  const folder = fileURLToPath(new URL(`../..${url}`, import.meta.url))
  await writeOnnxFolder(await openAsBlob(tinyFile), folder, { type, positions: 512 })
  await rm(join(folder, 'manifest.json'), { force: true })
  const { manifest } = await readFolder(folder)
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest))
}

function largestDifference(left: Distribution[], right: Distribution[]): number {
  const differences = left.flatMap(({ ids, logProbs }, position) => {
    const other = new Map(right[position]!.ids.map((id, i) => [id, right[position]!.logProbs[i]!]))
    return ids.map((id, i) => Math.abs(logProbs[i]! - other.get(id)!))
  })
  return differences.reduce((most, each) => Math.max(most, each), 0)
}

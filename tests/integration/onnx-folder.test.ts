import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadInNode, loadVerifiedInNode } from '../fixtures/llama/load-in-node.ts'
import { readFolder } from '../fixtures/llama/read-folder.ts'
import { recordAnswer } from '../fixtures/llama/recorded-answer.ts'
import { writeTinyLlama } from '../fixtures/llama/tiny-llama.ts'
import { writeOnnxFolder } from '../../tools/onnx-folder/write-onnx-folder.ts'
import { defaultSampler } from '../../src/domain/job.ts'
import type { GenerateRequest, VerifiedModel } from '../../src/ports/engine.ts'
import { checkModel } from '../../src/engine/check-model.ts'
import { distributions } from '../../src/engine/decode/distributions.ts'
import { readGgufMetadata } from '../../src/engine/gguf/read-gguf.ts'
import { createModelText } from '../../src/engine/text/model-text.ts'
import { openFolderText } from '../../src/engine/folder/folder-text.ts'

const gguf = new Blob([writeTinyLlama()])
const tokenIds = Array.from({ length: 90 }, (_, i) => (i * 37 + 11) % 269)
const request: GenerateRequest = {
  promptIds: tokenIds.slice(0, 70),
  sampler: { ...defaultSampler, temperature: 0.8 },
  seed: `0x${'5eed'.repeat(8)}`,
  maxTokens: 16,
  stop: [],
}

let place: string
let folder: VerifiedModel
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'opentab-folder-'))
  await writeOnnxFolder(gguf, place, { type: 'fp32', positions: 512 })
  folder = await readFolder(place)
})
afterAll(() => rm(place, { recursive: true }))

const headOf = ({ files }: VerifiedModel) => new Blob(files)
const changed = (paths: (path: string) => string): VerifiedModel => ({
  ...folder,
  manifest: {
    ...folder.manifest,
    files: folder.manifest.files.map((file) => ({ ...file, path: paths(file.path) })),
  },
})

test('a folder gives the logits of the file that it was written from', async () => {
  const { model } = await loadVerifiedInNode(folder)
  const { model: original } = await loadInNode(gguf, { recipe: 'wasm-float-4' })
  const [ours, theirs] = [
    await distributions(model, model.openSequence(), tokenIds, 85, 271),
    await distributions(original, original.openSequence(), tokenIds, 85, 271),
  ]
  ours.forEach(({ ids, logProbs }, position) => {
    const wanted = new Map(theirs[position]!.ids.map((id, at) => [id, theirs[position]!.logProbs[at]!]))
    ids.forEach((id, at) => expect(Math.abs(logProbs[at]! - wanted.get(id)!)).toBeLessThan(1e-4))
  })
})

test('its answers take turns, go on from copies, and forget what they are told to', async () => {
  const { model } = await loadVerifiedInNode(folder)
  const alone = await recordAnswer(model, model.openSequence(), request)
  expect(alone.tokenIds.length).toBeGreaterThan(3)
  const copied = model.openSequence()
  await copied.append([...request.promptIds.slice(0, -1), 5, 6], Infinity, () => {})
  const beginning = copied.fork(40)
  copied.truncate(69)
  const answers = await Promise.all([
    recordAnswer(model, copied, request),
    recordAnswer(model, beginning, request),
    recordAnswer(model, model.openSequence(), request),
  ])
  expect(answers.map((answer) => answer.tokenIds)).toEqual([1, 2, 3].map(() => alone.tokenIds))
})

test('it says of itself that its bits prove nothing, and what it takes', async () => {
  const { facts } = await loadVerifiedInNode(folder)
  expect(facts).toMatchObject({
    backend: 'wasm',
    arithmetic: 'wasm-folder-1',
    exact: false,
    contextTokens: 512,
  })
})

test('it cannot embed', async () => {
  const { model } = await loadVerifiedInNode(folder)
  await expect(model.openSequence().readState([1, 2])).rejects.toMatchObject({
    code: 'engine/unsupported-model',
  })
})

test('its tokenizer and template are those of the file', async () => {
  const text = await openFolderText(headOf(folder), folder.manifest)
  const original = createModelText(await readGgufMetadata(gguf))
  const messages = [{ role: 'user', content: 'Héllo 12 ☃ tabs' } as const]
  const ids = await text.encodeChat(messages)
  expect(ids).toEqual(await original.encodeChat(messages))
  expect(await text.decode(ids)).toBe(await original.decode(ids))
})

test('it is checked before it is downloaded, and a head cut short is told from a damaged one', async () => {
  await checkModel(headOf(folder), folder.manifest)
  await expect(checkModel(headOf(folder).slice(0, 300), folder.manifest)).rejects.toMatchObject({
    code: 'engine/malformed-model',
    details: expect.stringContaining('beyond the head'),
  })
  const nameless = changed((path) => (path === 'tokenizer.json' ? 'other.json' : path))
  await expect(checkModel(headOf(nameless), nameless.manifest)).rejects.toMatchObject({
    code: 'engine/malformed-model',
    details: 'There is no tokenizer.json.',
  })
})

test('a folder with no graph, or with another model’s, is refused by name', async () => {
  const none = changed((path) => path.replace(/\.onnx$/, '.bin'))
  await expect(loadVerifiedInNode(none)).rejects.toMatchObject({ code: 'engine/malformed-model' })
  const config = await folder.files[0]!.text()
  const deeper = new Blob([config.replace(/"num_hidden_layers":\d+/, '"num_hidden_layers":9')])
  const files = [deeper, ...folder.files.slice(1)]
  const sizes = folder.manifest.files.map((file, index) => ({ ...file, bytes: files[index]!.size }))
  const other = { ...folder, files, manifest: { ...folder.manifest, files: sizes } }
  await expect(loadVerifiedInNode(other)).rejects.toMatchObject({
    code: 'engine/unsupported-model',
    details: expect.stringContaining('past_key_values.2.key'),
  })
})

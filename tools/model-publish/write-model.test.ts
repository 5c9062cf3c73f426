import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tinyQwen3, writeTinyModel } from '../../tests/fixtures/families/tiny-models.ts'
import { writeTinyLlama } from '../../tests/fixtures/llama/tiny-llama.ts'
import { type Measure, type ModelWords, folderFor, modelsFolder, writeModel } from './write-model.ts'

let models: string
let modelFile: string

beforeEach(async () => {
  models = await mkdtemp(join(tmpdir(), 'opentab-models-'))
  modelFile = join(models, 'model.gguf')
  await writeFile(modelFile, writeTinyLlama())
})
afterEach(() => rm(models, { recursive: true }))

const readJson = async (...path: string[]) => JSON.parse(await readFile(join(models, ...path), 'utf8'))
const knownAnswer = { promptIds: [1], tokenIds: [2], logProbs: [-0.1], toleranceNats: 0.3 }
const smoothing = new Uint8Array([1, 2, 3])
let measured = 0
const measure: Measure = async () => {
  measured += 1
  const facts = { name: null, license: null, family: 'llama', contextTokens: 512 }
  return { ...facts, knownAnswer, smoothing }
}
const words = (change: Partial<ModelWords> = {}): ModelWords => ({
  modelFile,
  folder: join(models, 'small'),
  name: 'Small',
  license: 'MIT',
  description: 'A small one.',
  ...change,
})

test('writes the manifest with what was measured, and lists the model', async () => {
  const { id } = await writeModel(words(), measure)
  expect(await readJson('catalogue.json')).toEqual({
    version: 1,
    models: [{ id, manifest: 'small/manifest.json', sources: ['small/'], description: 'A small one.' }],
  })
  expect(await readJson('small', 'manifest.json')).toMatchObject({
    name: 'Small',
    license: 'MIT',
    family: 'llama',
    contextTokens: 512,
    knownAnswer,
    smoothing: 'smoothing.safetensors',
    files: [{ path: 'model.gguf' }, { path: 'smoothing.safetensors', bytes: 3 }],
  })
  expect(await readFile(join(models, 'small', 'model.gguf'))).toEqual(await readFile(modelFile))
})

test('takes what is not said from before, measures nothing twice, and replaces the entry', async () => {
  const before = await writeModel(words({ sources: ['https://example.org/small/'] }), measure)
  measured = 0
  const bare = { modelFile, folder: join(models, 'small') }
  const after = await writeModel({ ...bare, contextTokens: 128 }, measure)
  expect(measured).toBe(0)
  expect(after.id).not.toBe(before.id)
  expect((await readJson('catalogue.json')).models).toEqual([
    expect.objectContaining({
      id: after.id,
      sources: ['https://example.org/small/'],
      description: 'A small one.',
    }),
  ])
  await writeModel({ ...bare, measureAnew: true }, measure)
  expect(measured).toBe(1)
})

test('names mirrors in the manifest, and keeps them until others are said', async () => {
  const mirrors = ['https://example.org/someone/small/resolve/main/']
  const bare = await writeModel(words(), measure)
  expect(bare.manifest).not.toHaveProperty('mirrors')
  const mirrored = await writeModel(words({ mirrors }), measure)
  expect(await readJson('small', 'manifest.json')).toMatchObject({ mirrors })
  expect(mirrored.id).not.toBe(bare.id)
  const again = { modelFile, folder: join(models, 'small') }
  expect((await writeModel(again, measure)).id).toBe(mirrored.id)
  const others = ['https://example.net/small/']
  expect((await writeModel({ ...again, mirrors: others }, measure)).manifest.mirrors).toEqual(others)
  const wrong = { ...again, mirrors: ['https://example.net/small'] }
  await expect(writeModel(wrong, measure)).rejects.toMatchObject({ code: 'storage/malformed-manifest' })
})

test("another reference's answer counts in place of the measured one", async () => {
  const knownAnswerFile = join(models, 'reference.json')
  const other = { ...knownAnswer, tokenIds: [7] }
  await writeFile(knownAnswerFile, JSON.stringify(other))
  const { manifest } = await writeModel(words({ knownAnswerFile }), measure)
  expect(manifest.knownAnswer).toEqual(other)
})

test('keeps other models in the catalogue', async () => {
  const first = await writeModel(words(), measure)
  const second = await writeModel(words({ folder: join(models, 'other'), name: 'Other' }), measure)
  const ids = (await readJson('catalogue.json')).models.map((model: { id: string }) => model.id)
  expect(ids).toEqual([first.id, second.id])
})

test('refuses what the engine cannot run before anything is written', async () => {
  await writeFile(modelFile, writeTinyModel({ ...tinyQwen3, architecture: 'mamba' }))
  await expect(writeModel(words(), measure)).rejects.toMatchObject({ code: 'engine/unsupported-model' })
  await expect(readJson('catalogue.json')).rejects.toThrow()
})

test('names a file that cannot be read', async () => {
  await expect(writeModel(words({ modelFile: join(models, 'none.gguf') }), measure)).rejects.toMatchObject({
    code: 'tools/bad-option',
    shortMessage: expect.stringContaining('none.gguf cannot be read.'),
  })
})

test('asks for a licence that the file does not name', async () => {
  await expect(writeModel(words({ license: undefined }), measure)).rejects.toThrow('--license')
})

test('a model gets a folder of its name among those of the page, or stays where it lies there', () => {
  expect(folderFor('/somewhere/SmolLM2-135M.Q4_1.gguf')).toBe(join(modelsFolder, 'smollm2-135m-q4-1'))
  expect(folderFor(join(modelsFolder, 'there', 'a.gguf'))).toBe(join(modelsFolder, 'there'))
})

import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { publishModel, type PublishOptions } from './make-manifest.ts'

let models: string
let folder: string

beforeEach(async () => {
  models = await mkdtemp(join(tmpdir(), 'opentab-models-'))
  folder = await mkdtemp(join(models, 'small-'))
  await writeFile(join(folder, 'model.gguf'), new Uint8Array(5000))
  const answer = { promptIds: [1], tokenIds: [2], logProbs: [-0.1], toleranceNats: 0.3 }
  await writeFile(join(folder, 'known-answer.json'), JSON.stringify(answer))
})
afterEach(() => rm(models, { recursive: true }))

const readJson = async (...path: string[]) => JSON.parse(await readFile(join(models, ...path), 'utf8'))
const options = (): PublishOptions => ({
  modelFile: join(folder, 'model.gguf'),
  name: 'Small',
  license: 'MIT',
  family: 'llama',
  contextTokens: 64,
  description: 'A small one.',
})

test('writes the manifest and lists the model', async () => {
  const id = await publishModel(options())
  const name = folder.slice(models.length + 1)
  expect(await readJson('catalogue.json')).toEqual({
    version: 1,
    models: [{ id, manifest: `${name}/manifest.json`, sources: [`${name}/`], description: 'A small one.' }],
  })
  expect(await readJson(name, 'manifest.json')).toMatchObject({ name: 'Small', files: [{ bytes: 5000 }] })
})

test('takes what is not said from before, and replaces the entry', async () => {
  const before = await publishModel({ ...options(), sources: ['https://example.org/small/'] })
  await writeFile(join(folder, 'model.gguf'), new Uint8Array(6000))
  const after = await publishModel({ modelFile: join(folder, 'model.gguf'), contextTokens: 128 })
  expect(after).not.toBe(before)
  const catalogue = await readJson('catalogue.json')
  expect(catalogue.models).toEqual([
    expect.objectContaining({
      id: after,
      sources: ['https://example.org/small/'],
      description: 'A small one.',
    }),
  ])
})

test('keeps other models in the catalogue', async () => {
  const first = await publishModel(options())
  const other = await mkdtemp(join(models, 'other-'))
  await copyFile(join(folder, 'known-answer.json'), join(other, 'known-answer.json'))
  await writeFile(join(other, 'model.gguf'), new Uint8Array(10))
  const second = await publishModel({ ...options(), modelFile: join(other, 'model.gguf') })
  const ids = (await readJson('catalogue.json')).models.map((model: { id: string }) => model.id)
  expect(ids).toEqual([first, second])
})

test('says which option is missing', async () => {
  await expect(publishModel({ ...options(), license: undefined })).rejects.toMatchObject({
    code: 'tools/bad-option',
    shortMessage: expect.stringContaining('--license'),
  })
  await rm(join(folder, 'known-answer.json'))
  await expect(publishModel(options())).rejects.toThrow('--known-answer')
})

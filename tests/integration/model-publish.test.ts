import { execFile } from 'node:child_process'
import { openAsBlob } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import { parseCatalogue } from '../../src/models/catalogue.ts'
import { parseManifest } from '../../src/models/manifest-schema.ts'
import { computeModelId } from '../../src/models/model-id.ts'
import { writeOnnxFolder } from '../../tools/onnx-folder/write-onnx-folder.ts'
import { loadVerifiedInNode } from '../fixtures/llama/load-in-node.ts'
import { writeTinyLlama } from '../fixtures/llama/tiny-llama.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'

const tool = resolve(import.meta.dirname, '../../tools/model-publish.ts')
let folder: string
let local: LocalChain

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opentab-publish-'))
  local = await startLocalChain()
  await writeFile(join(folder, 'network.json'), JSON.stringify(local.network))
  await writeFile(join(folder, 'tiny.gguf'), writeTinyLlama())
})

afterAll(async () => {
  await local.stop()
  await rm(folder, { recursive: true })
})

const publish = async (...options: string[]) => {
  const args = [tool, 'tiny.gguf', '--out', 'models/tiny', '--network', 'network.json', ...options]
  return (await promisify(execFile)(process.execPath, args, { cwd: folder })).stdout
}
const readJson = async (path: string) => JSON.parse(await readFile(join(folder, path), 'utf8')) as unknown

test('one line publishes a model: measured, described, listed in the catalogue and on the chain', async () => {
  const source = 'https://models.example/tiny/'
  const mirror = 'https://mirror.example/someone/tiny/resolve/main/'
  const said = ['--license', 'MIT', '--royalty', '5', '--source', source, '--mirror', mirror]
  const output = await publish(...said)
  const manifest = parseManifest(await readJson('models/tiny/manifest.json'))
  const id = await computeModelId(manifest)
  expect(manifest).toMatchObject({ license: 'MIT', family: 'llama', smoothing: 'smoothing.safetensors' })
  expect(manifest.mirrors).toEqual([mirror])
  expect(parseCatalogue(await readJson('models/catalogue.json')).models).toMatchObject([{ id }])
  expect(output).toContain(`Model id ${id}`)
  expect(output).toMatch(/costs about 0\.0000\d+ ETH/)

  const [listing] = await createViemChain(local.network).listings(0, 10)
  expect(listing).toMatchObject({ modelId: id, royaltyBps: 500, sources: [source], isDeprecated: false })
  expect(output).toContain(`Listing ${listing?.listingId} of ${listing?.publisher}`)
  // The page pays the royalty of a model of its own to the publisher that its catalogue names.
  const publishers = async () =>
    parseCatalogue(await readJson('models/catalogue.json')).models.map(({ publisher }) => publisher)
  expect(await publishers()).toEqual([listing?.publisher])

  expect(await publish(...said)).toContain('Listed before, with a royalty of 5 %')
  expect(await createViemChain(local.network).listings(0, 10)).toHaveLength(1)
  await publish(...said, '--no-register')
  expect(await publishers()).toEqual([listing?.publisher])
})

test('a folder of ONNX files is published as it is', async () => {
  const gguf = await openAsBlob(join(folder, 'tiny.gguf'))
  await writeOnnxFolder(gguf, join(folder, 'onnx-tiny'), { type: 'fp32', positions: 512 })
  const said = ['--license', 'MIT', '--no-register', '--mirror', 'https://mirror.example/folder']
  const args = [tool, 'onnx-tiny', '--out', 'models/folder', ...said]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder })
  const manifest = parseManifest(await readJson('models/folder/manifest.json'))
  expect(stdout).toContain(`Model id ${await computeModelId(manifest)}`)
  expect(manifest).toMatchObject({ format: 'onnx-folder', family: 'llama', contextTokens: 512 })
  expect(manifest.mirrors).toEqual(['https://mirror.example/folder/'])
  expect(manifest.files.at(-1)?.path).toBe('onnx/model.onnx_data')
  const files = await Promise.all(
    manifest.files.map(({ path }) => openAsBlob(join(folder, 'models/folder', path))),
  )
  const model = { id: await computeModelId(manifest), manifest, files }
  // It gives the answer that was measured.
  expect((await loadVerifiedInNode(model)).facts.arithmetic).toBe('wasm-folder-1')
  const catalogue = parseCatalogue(await readJson('models/catalogue.json'))
  expect(catalogue.models.map(({ id }) => id)).toContain(model.id)
})

test('without a licence nothing is published', async () => {
  await expect(publish('--out', 'models/other')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--license is missing'),
  })
})

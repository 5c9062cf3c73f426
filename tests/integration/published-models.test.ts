import { openAsBlob } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parseCatalogue } from '../../src/models/catalogue.ts'
import { makeManifest } from '../../src/models/make-manifest.ts'
import { parseManifest } from '../../src/models/manifest-schema.ts'

const folder = new URL('../../public/models/', import.meta.url)
const readJson = async (path: string) => JSON.parse(await readFile(new URL(path, folder), 'utf8')) as unknown
const catalogue = parseCatalogue(await readJson('catalogue.json'))

test('the page offers at least one model', () => {
  expect(catalogue.models).not.toEqual([])
})

// Where one fails: npm run model:publish -- public/models/<folder>/<file>.gguf --no-register
test.each(catalogue.models)(
  '$manifest describes the files beside it',
  async ({ id, manifest: path, sources }) => {
    const listed = parseManifest(await readJson(path))
    const source = new URL(sources[0] ?? '', folder)
    const { version: _, files, ...facts } = listed
    const blobs = await Promise.all(
      files.map(async (file) => ({
        path: file.path,
        blob: await openAsBlob(fileURLToPath(new URL(file.path, source))),
      })),
    )
    expect(await makeManifest(blobs, facts, files[0]?.pieceBytes)).toEqual({ id, manifest: listed })
    expect(await readJson(new URL('known-answer.json', source).href)).toEqual(facts.knownAnswer)
  },
)

test('the fixture model has the manifest of its bytes', async () => {
  const fixture = new URL('../fixtures/tiny-llama/', import.meta.url)
  const listed = parseManifest(await readJson(new URL('manifest.json', fixture).href))
  const blob = await openAsBlob(fileURLToPath(new URL('tiny-llama.gguf', fixture)))
  const { version: _, files, ...facts } = listed
  const { manifest } = await makeManifest([{ path: 'tiny-llama.gguf', blob }], facts, files[0]?.pieceBytes)
  expect(manifest).toEqual(listed)
})

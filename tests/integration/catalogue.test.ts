import { afterEach, expect, test } from 'vitest'
import type { ModelManifest } from '../../src/domain/model.ts'
import { loadCatalogue } from '../../src/models/catalogue.ts'
import { makeManifest } from '../../src/models/make-manifest.ts'
import { serveFiles, type FileServer } from '../fixtures/file-server.ts'
import { smallFacts, smallFiles } from '../fixtures/small-model.ts'

let server: FileServer | undefined
afterEach(() => server?.close())

const { id, manifest } = await makeManifest(smallFiles(), smallFacts)
const listed = {
  id,
  manifest: 'small/manifest.json',
  sources: ['small', 'https://example.org/m/'],
  description: 'Small.',
}

/** Returns the address of a catalogue beside one manifest. */
async function serve(catalogue: unknown, served: ModelManifest = manifest): Promise<string> {
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
  server = await serveFiles([
    { path: 'models/catalogue.json', content: json(catalogue) },
    { path: 'models/small/manifest.json', content: json(served) },
  ])
  return `${server.url}models/catalogue.json`
}

test('lists models with absolute sources, each a folder', async () => {
  const url = await serve({ version: 1, models: [listed] })
  expect(await loadCatalogue(url)).toEqual([
    {
      id,
      manifest,
      sources: [`${server?.url}models/small/`, 'https://example.org/m/'],
      description: 'Small.',
    },
  ])
})

test('refuses a manifest that is not the one listed, and names the model', async () => {
  const url = await serve({ version: 1, models: [listed] }, { ...manifest, contextTokens: 65 })
  await expect(loadCatalogue(url)).rejects.toMatchObject({
    code: 'storage/hash-mismatch',
    shortMessage: expect.stringContaining('Small'),
  })
})

test.each([
  ['of another version', { version: 2, models: [] }],
  ['with a model without sources', { version: 1, models: [{ ...listed, sources: [] }] }],
  [
    'with a source that is no web address',
    { version: 1, models: [{ ...listed, sources: ['data:text/plain,'] }] },
  ],
  ['that is no object', 'models'],
])('refuses a catalogue %s', async (_what, catalogue) => {
  await expect(loadCatalogue(await serve(catalogue))).rejects.toMatchObject({
    code: 'storage/malformed-manifest',
  })
})

test('says so when there is no catalogue', async () => {
  const url = await serve({ version: 1, models: [] })
  await expect(loadCatalogue(`${url}.txt`)).rejects.toMatchObject({ code: 'storage/source-failed' })
})

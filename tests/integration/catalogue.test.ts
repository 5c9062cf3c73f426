import { afterEach, expect, test } from 'vitest'
import { loadCatalogue } from '../../src/models/catalogue.ts'
import { makeManifest } from '../../src/models/make-manifest.ts'
import { limits } from '../../src/protocol/limits.ts'
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

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

/** Returns the address of a catalogue beside manifests. */
async function serve(catalogue: unknown, manifests: Record<string, unknown> = { small: manifest }) {
  server = await serveFiles([
    { path: 'models/catalogue.json', content: json(catalogue) },
    ...Object.entries(manifests).map(([folder, served]) => {
      return { path: `models/${folder}/manifest.json`, content: json(served) }
    }),
  ])
  return `${server.url}models/catalogue.json`
}

test('lists models with absolute sources, each a folder', async () => {
  const url = await serve({ version: 1, models: [listed] })
  const sources = [`${server?.url}models/small/`, 'https://example.org/m/']
  const entries = [{ id, manifest, sources, description: 'Small.' }]
  expect(await loadCatalogue(url)).toEqual({ entries, failures: [] })
})

test('leaves out a model whose manifest is wrong, gone, malformed or endless, and tells why', async () => {
  const folders = ['wrong', 'gone', 'malformed', 'small', 'endless']
  const models = folders.map((folder) => ({ ...listed, manifest: `${folder}/manifest.json` }))
  const url = await serve(
    { version: 1, models },
    {
      small: manifest,
      wrong: { ...manifest, contextTokens: 65 },
      malformed: { ...manifest, files: [] },
      endless: { ...manifest, padding: 'x'.repeat(limits.manifestBytes) },
    },
  )
  const { entries, failures } = await loadCatalogue(url)
  expect(entries).toMatchObject([{ id, manifest }])
  expect(failures).toMatchObject([
    { code: 'storage/hash-mismatch', shortMessage: expect.stringContaining('Small') },
    { code: 'storage/source-failed', details: expect.stringContaining('404') },
    { code: 'storage/malformed-manifest' },
    { code: 'storage/source-failed', details: expect.stringContaining('too long') },
  ])
})

test('a catalogue that is longer than one may be is not read to its end', async () => {
  const description = 'x'.repeat(limits.manifestBytes)
  const url = await serve({ version: 1, models: [{ ...listed, description }] })
  await expect(loadCatalogue(url)).rejects.toMatchObject({
    code: 'storage/source-failed',
    details: expect.stringContaining('too long'),
  })
})

test.each([
  ['of another version', { version: 2, models: [] }],
  ['with a model without sources', { version: 1, models: [{ ...listed, sources: [] }] }],
  [
    'with a source that is no web address',
    { version: 1, models: [{ ...listed, sources: ['data:text/plain,'] }] },
  ],
  [
    'with a source that no browser can parse',
    { version: 1, models: [{ ...listed, sources: ['https://[/'] }] },
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

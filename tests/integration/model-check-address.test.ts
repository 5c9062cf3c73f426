import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { computeModelId } from '../../src/models/model-id.ts'
import { allChecks, check, copyTinyModel, modelFile } from '../fixtures/checked-model.ts'
import { type FileServer, type ServerFault, serveFiles } from '../fixtures/file-server.ts'

type Served = { fault?: ServerFault; surplus?: number; listedId?: string }

let tiny: Awaited<ReturnType<typeof copyTinyModel>>
let server: FileServer
beforeEach(async () => {
  tiny = await copyTinyModel()
})
afterEach(async () => {
  await server.close()
  await tiny.remove()
})

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

/** Serves the folder, and a catalogue beside its manifest. */
async function serve({ fault, surplus = 0, listedId }: Served = {}): Promise<string> {
  const manifest = await tiny.describe()
  const id = listedId ?? (await computeModelId(manifest))
  const listed = { id, manifest: 'manifest.json', sources: ['./'], description: 'A tiny one.' }
  const content = Buffer.concat([await readFile(tiny.at(modelFile)), Buffer.alloc(surplus)])
  server = await serveFiles([
    { path: 'tiny/manifest.json', content: json(manifest) },
    { path: 'tiny/catalogue.json', content: json({ version: 1, models: [listed] }) },
    { path: `tiny/${modelFile}`, content },
  ])
  if (fault) server.fault = fault
  return `${server.url}tiny`
}

test('an address of a folder or a manifest that is right passes every check', async () => {
  const url = await serve()
  for (const where of [url, `${url}/manifest.json`]) {
    const found = await check(where)
    expect(found).toMatchObject({ ok: true, passed: allChecks })
    expect(found.lineOf('id')).toMatch(/^0x[0-9a-f]{64}, as catalogue\.json lists it$/)
  }
})

test('an address that lists another id than it serves is told', async () => {
  const listedId = `0x${'12'.repeat(32)}`
  const found = await check(await serve({ listedId }))
  expect(found).toMatchObject({ ok: false, failed: ['id'] })
  expect(found.lineOf('id')).toContain(`catalogue.json lists ${listedId}`)
})

// Each is beyond the end of the manifest, which comes as it is.
test.each([
  [{ fault: { kind: 'flips-byte', offset: 200_000 } }, 'Piece 3 of tiny-llama.gguf is not what'],
  [{ fault: { kind: 'ends-early', afterBytes: 150_000 } }, 'Piece 2 of tiny-llama.gguf could not be read.'],
  [{ surplus: 9 }, '317897 bytes where the description promises 317888'],
] satisfies [Served, string][])('an address that serves other bytes is told (%#)', async (served, line) => {
  const found = await check(await serve(served))
  expect(found).toMatchObject({
    ok: false,
    passed: ['description', 'id'],
    failed: ['bytes'],
    skipped: ['engine', 'load', 'answer'],
  })
  expect(found.lineOf('bytes')).toContain(line)
  expect(found.lineOf('bytes')).toContain('tiny-llama.gguf')
})

test('an address where nothing is is told', async () => {
  const url = await serve()
  const found = await check(`${url}/other`)
  expect(found).toMatchObject({ ok: false, failed: ['description'] })
  expect(found.lineOf('description')).toContain('status 404')
})

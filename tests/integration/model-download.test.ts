import { afterEach, expect, test } from 'vitest'
import type { CatalogueEntry } from '../../src/domain/model.ts'
import { createHttpSource } from '../../src/models/http-source.ts'
import { makeManifest } from '../../src/models/make-manifest.ts'
import { MemoryPieceStore } from '../../src/models/memory-piece-store.ts'
import { PieceModelStore } from '../../src/models/piece-model-store.ts'
import { serveFiles, type FileServer, type ServerFault } from '../fixtures/file-server.ts'
import { smallFacts, smallFiles, smallPieceBytes } from '../fixtures/small-model.ts'

const files = smallFiles()
const weightsBytes = files[0]?.content.byteLength ?? 0
const servers: FileServer[] = []

afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())))

/** A store whose model lies on one server per fault, in that order. */
async function setUp(...faults: (ServerFault | null)[]) {
  for (const fault of faults) servers.push(await serveFiles(files, fault))
  const { id, manifest } = await makeManifest(files, smallFacts, smallPieceBytes)
  const entry: CatalogueEntry = { id, manifest, sources: servers.map(({ url }) => url), description: 'Small' }
  const store = new PieceModelStore({
    pieces: new MemoryPieceStore(),
    fetchRange: createHttpSource({ stallTimeoutMs: 300 }),
    loadCatalogue: async () => [entry],
  })
  return { store, entry }
}

async function expectWhole(store: PieceModelStore, entry: CatalogueEntry): Promise<void> {
  const model = await store.fetch(entry)
  for (const [index, blob] of model.files.entries()) {
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(files[index]?.content)
  }
}

test('asks a good server once for each file', async () => {
  const { store, entry } = await setUp(null)
  await expectWhole(store, entry)
  expect(servers[0]?.ranges).toEqual([`bytes=0-${weightsBytes - 1}`, `bytes=0-${smallPieceBytes - 1}`])
})

test('reads a server that ignores ranges, and goes on in the middle of a file', async () => {
  const { store, entry } = await setUp({ kind: 'ignores-ranges' })
  await store.head(entry, 1)
  await expectWhole(store, entry)
})

const hindrances: ServerFault[] = [
  { kind: 'ends-early', afterBytes: smallPieceBytes + 10 },
  { kind: 'resets', afterBytes: smallPieceBytes + 10 },
  { kind: 'stalls', afterBytes: smallPieceBytes + 10 },
]

test.each(hindrances)('goes on where a server that $kind stopped', async (fault) => {
  const { store, entry } = await setUp(fault)
  await expectWhole(store, entry)
  expect(servers[0]?.ranges.slice(0, 3)).toEqual(
    [0, 1, 2].map((piece) => `bytes=${piece * smallPieceBytes}-${weightsBytes - 1}`),
  )
})

const defects: ServerFault[] = [
  { kind: 'ends-early', afterBytes: 10 },
  { kind: 'resets', afterBytes: 0 },
  { kind: 'stalls', afterBytes: 10 },
  { kind: 'fails', status: 503 },
  { kind: 'shifts-range', byBytes: 1 },
]

test.each(defects)(
  'turns to the next source when one $kind, and says so when there is none',
  async (fault) => {
    const { store, entry } = await setUp(fault, null)
    await store.head(entry, 2 * smallPieceBytes)
    servers.forEach((server) => (server.fault = server === servers[0] ? fault : null))
    await expectWhole(store, entry)
    const alone = { ...entry, id: `0x${'01'.repeat(32)}` as const, sources: entry.sources.slice(0, 1) }
    await expect(store.fetch(alone)).rejects.toMatchObject({ code: 'storage/source-failed', retryable: true })
  },
)

test('names the source, the file and the piece that were wrong', async () => {
  const { store, entry } = await setUp({ kind: 'flips-byte', offset: 3 * smallPieceBytes + 7 })
  await expect(store.fetch(entry)).rejects.toMatchObject({
    code: 'storage/hash-mismatch',
    shortMessage: expect.stringContaining('Piece 3 of weights.gguf'),
    details: expect.stringContaining(servers[0]?.url ?? '?'),
    fault: 'peer',
  })
  const { bytes, state } = await store.status(entry.id)
  expect({ bytes, state }).toEqual({ bytes: 3 * smallPieceBytes, state: 'partial' })
})

test('keeps the right pieces of a source that lied and asks the next for the rest alone', async () => {
  const { store, entry } = await setUp({ kind: 'flips-byte', offset: 3 * smallPieceBytes + 7 }, null)
  await expectWhole(store, entry)
  expect(servers[1]?.ranges[0]).toBe(`bytes=${3 * smallPieceBytes}-${weightsBytes - 1}`)
})

test('a cancelled download ends at once and keeps what it has', async () => {
  const { store, entry } = await setUp({ kind: 'stalls', afterBytes: smallPieceBytes })
  const controller = new AbortController()
  const stopped = store.fetch(entry, {
    signal: controller.signal,
    onProgress: ({ bytes }) => bytes >= smallPieceBytes && setTimeout(() => controller.abort(), 20),
  })
  await expect(stopped).rejects.toMatchObject({ code: 'storage/cancelled', fault: 'user' })
  expect((await store.status(entry.id)).bytes).toBe(smallPieceBytes)
})

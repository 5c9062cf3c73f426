import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
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
    fetchRange: createHttpSource({ stallTimeoutMs: 300, leastBytesPerSecond: 1000, rateWindowMs: 300 }),
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
  { kind: 'drips', afterBytes: smallPieceBytes + 10, everyMs: 10 },
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
  { kind: 'drips', afterBytes: 10, everyMs: 10 },
  { kind: 'fails', status: 503 },
  { kind: 'shifts-range', byBytes: 1 },
  { kind: 'hangs-up' },
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

const longPieceOffset = 3 * smallPieceBytes

test.each<{ fault: ServerFault; named: string; keptPieces: number }>([
  {
    fault: { kind: 'leaves-byte-out', offset: longPieceOffset },
    named: 'Piece 3 of weights.gguf',
    keptPieces: 3,
  },
  { fault: { kind: 'adds-bytes', bytes: 1 }, named: 'another length', keptPieces: 5 },
  { fault: { kind: 'adds-bytes', bytes: 1, whole: true }, named: 'another length', keptPieces: 5 },
  { fault: { kind: 'claims-longer', byBytes: 1 }, named: 'another length', keptPieces: 0 },
  { fault: { kind: 'claims-longer', byBytes: -1 }, named: 'another length', keptPieces: 0 },
])(
  'refuses and names a source that $fault.kind, and keeps what was right',
  async ({ fault, named, keptPieces }) => {
    const { store, entry } = await setUp(fault)
    await expect(store.fetch(entry)).rejects.toMatchObject({
      code: 'storage/hash-mismatch',
      shortMessage: expect.stringContaining(named),
      details: `from ${servers[0]?.url}`,
    })
    const kept = Math.min(keptPieces * smallPieceBytes, weightsBytes)
    expect((await store.status(entry.id)).bytes).toBe(kept)
  },
)

test('names the source that ends too early as well', async () => {
  const { store, entry } = await setUp({ kind: 'ends-early', afterBytes: 10 })
  await expect(store.fetch(entry)).rejects.toMatchObject({
    code: 'storage/source-failed',
    details: `from ${servers[0]?.url}`,
  })
})

test('leaves a source that lied alone for a while, and says why', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const { store, entry } = await setUp({ kind: 'flips-byte', offset: 7 })
  const lie = {
    code: 'storage/hash-mismatch',
    shortMessage: expect.stringContaining('Piece 0 of weights.gguf'),
  }
  await expect(store.fetch(entry)).rejects.toMatchObject(lie)
  await expect(store.fetch(entry)).rejects.toMatchObject(lie)
  expect(servers[0]?.ranges).toHaveLength(1)
  servers[0]!.fault = null
  vi.setSystemTime(Date.now() + 10 * 60_000)
  await expectWhole(store, entry)
})

test('follows a redirect, and refuses what it leads to when that is another file', async () => {
  const { store, entry } = await setUp(null, null)
  const [first, second] = servers
  first!.fault = { kind: 'redirects', to: second!.url }
  const alone = { ...entry, sources: [first!.url] }
  await expectWhole(store, alone)
  expect(second?.ranges).toHaveLength(2)
  second!.fault = { kind: 'flips-byte', offset: 7 }
  await store.remove(entry.id)
  await expect(store.fetch(alone)).rejects.toMatchObject({
    code: 'storage/hash-mismatch',
    details: `from ${first?.url}`,
  })
})

test('turns to the next source when one redirects without end', async () => {
  const { store, entry } = await setUp(null, null)
  servers[0]!.fault = { kind: 'redirects', to: servers[0]!.url }
  await expectWhole(store, entry)
})

test("asks the page's own site before any other, and says where bytes come from", async () => {
  const { store, entry } = await setUp(null, null)
  vi.stubGlobal('location', new URL(servers[1]!.url))
  onTestFinished(() => void vi.unstubAllGlobals())
  const told = new Set<string | undefined>()
  await store.fetch(entry, { onProgress: ({ from }) => told.add(from?.kind) })
  expect(servers.map(({ ranges }) => ranges.length)).toEqual([0, 2])
  expect([...told]).toEqual(['site'])
})

test('asks the mirrors in the manifest after its sources', async () => {
  const { entry } = await setUp({ kind: 'fails', status: 404 }, null)
  const [source, mirror] = servers.map(({ url }) => url)
  const { id, manifest } = await makeManifest(files, { ...smallFacts, mirrors: [mirror!] }, smallPieceBytes)
  const mirrored: CatalogueEntry = { ...entry, id, manifest, sources: [source!] }
  const store = new PieceModelStore({
    pieces: new MemoryPieceStore(),
    fetchRange: createHttpSource(),
    loadCatalogue: async () => [mirrored],
  })
  await expectWhole(store, mirrored)
  expect(servers.map(({ ranges }) => ranges.length)).toEqual([1, 2])
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

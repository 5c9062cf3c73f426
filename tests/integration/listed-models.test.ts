import { beforeEach, expect, test } from 'vitest'
import { createMemoryChain } from '../../src/chain/memory-chain.ts'
import { ManualClock } from '../../src/device/manual-clock.ts'
import type { CatalogueEntry, ModelId, ModelManifest } from '../../src/domain/model.ts'
import { StorageError } from '../../src/errors/index.ts'
import { makeManifest } from '../../src/models/make-manifest.ts'
import { ManifestBook } from '../../src/models/manifest-book.ts'
import type { ModelRegistry, NeededManifests } from '../../src/ports/index.ts'
import { type ListedModelsDeps, createListedModels } from '../../src/roles/models/listed-models.ts'
import { createManifestPeers, serveManifests } from '../../src/roles/pieces/manifest-exchange.ts'
import { MemoryDocumentStore } from '../../src/storage/memory-document-store.ts'
import { createMemoryNetwork } from '../../src/transport/memory-network.ts'
import { createFastClock } from '../fixtures/fast-clock.ts'
import { type FileServer, serveFiles } from '../fixtures/file-server.ts'
import { accounts, network } from '../fixtures/jobs.ts'
import { createTestRegistry, modelIdOf, publisherOf } from '../fixtures/registry.ts'
import { smallFacts, smallFiles } from '../fixtures/small-model.ts'

const clock = createFastClock()
const [publisher, other] = accounts
const { id, manifest } = await makeManifest(smallFiles(), smallFacts)
const registryAddress = `0x${'05'.repeat(20)}` as const

let registry: ModelRegistry
let tabs: ReturnType<typeof createMemoryNetwork>

beforeEach(() => {
  registry = createMemoryChain({ ...network, registry: registryAddress })
  tabs = createMemoryNetwork()
})

/** A tab that reads listings, on a network of tabs. */
async function join() {
  const { transport, holders } = tabs.join()
  await transport.start()
  const documents = new MemoryDocumentStore()
  const peers = createManifestPeers({ transport, holders, clock })
  const manifests = new ManifestBook({ documents, clock, peers })
  const listed = createListedModels({
    registry: async () => registry,
    manifests,
    documents,
    clock,
    held: async () => [],
  })
  /** Lends the model, with whatever manifest. */
  const lend = async (given: ModelManifest | null) => {
    await holders.announce([id])
    return serveManifests({ transport, clock }, async (asked) => (asked === id ? given : null))
  }
  return { documents, manifests, listed, lend }
}

const own = (change: Partial<CatalogueEntry> = {}): CatalogueEntry => ({
  id,
  manifest,
  sources: ['https://page.example/small/'],
  description: 'Small.',
  ...change,
})

/** What the page's own catalogue gives. */
const ofOwn = (...entries: CatalogueEntry[]) => {
  return async () => ({ entries, failures: [] as unknown[] })
}
const noOwn = ofOwn()

test('a listed model shows with its publisher and royalty once its manifest came from a server', async () => {
  const content = new TextEncoder().encode(JSON.stringify(manifest))
  const server: FileServer = await serveFiles([{ path: 'small/manifest.json', content }])
  const source = `${server.url}small/`
  const { listingId } = await registry.registerModel(
    { modelId: id, royaltyBps: 250, sources: [source] },
    publisher,
  )
  const { listed } = await join()
  expect(await listed.addTo(noOwn)).toEqual([])
  expect(await listed.refresh()).toBe(true)
  await server.close()
  expect(await listed.addTo(noOwn)).toMatchObject([
    {
      id,
      manifest,
      sources: [source],
      description: expect.stringContaining(publisher.address.slice(0, 6)),
      listing: { listingId, publisher: publisher.address, royaltyBps: 250 },
    },
  ])
  expect(await listed.refresh()).toBe(false)
})

test('a model without a server is brought by the tabs that hold it; one that lies is passed by', async () => {
  await registry.registerModel({ modelId: id, royaltyBps: 0, sources: [] }, publisher)
  const [liar, ignorant, holder, reader] = [await join(), await join(), await join(), await join()]
  await liar.lend({ ...manifest, name: 'Another' })
  await ignorant.lend(null)
  await reader.listed.refresh()
  expect(await reader.listed.addTo(noOwn)).toEqual([])
  await holder.lend(manifest)
  clock.skip(60_000)
  expect(await reader.listed.refresh()).toBe(true)
  expect(await reader.listed.addTo(noOwn)).toMatchObject([{ id, sources: [] }])
})

test('what is known survives a reload without the chain', async () => {
  await registry.registerModel({ modelId: id, royaltyBps: 0, sources: [] }, publisher)
  const { documents, manifests, listed } = await join()
  await manifests.describe(smallFiles(), smallFacts)
  await listed.refresh()
  const away = () => Promise.reject(new Error('away'))
  const again = createListedModels({ registry: away, manifests, documents, clock, held: async () => [] })
  expect(await again.addTo(noOwn)).toMatchObject([{ id }])
  await expect(again.refresh()).rejects.toThrow()
})

test('a model of the page owes a royalty to the publisher that it names, and to nobody else', async () => {
  await registry.registerModel({ modelId: id, royaltyBps: 3000, sources: [] }, other)
  await registry.registerModel({ modelId: id, royaltyBps: 100, sources: [] }, publisher)
  const { listed } = await join()
  await listed.refresh()
  const [unnamed] = await listed.addTo(ofOwn(own()))
  expect(unnamed).toEqual(own())
  const [named] = await listed.addTo(ofOwn(own({ publisher: publisher.address })))
  expect(named?.listing).toMatchObject({ publisher: publisher.address, royaltyBps: 100 })
})

test('who listed a model first keeps its place', async () => {
  await registry.registerModel({ modelId: id, royaltyBps: 100, sources: [] }, publisher)
  await registry.registerModel({ modelId: id, royaltyBps: 0, sources: [] }, other)
  const { manifests, listed } = await join()
  await manifests.describe(smallFiles(), smallFacts)
  await listed.refresh()
  expect(await listed.addTo(noOwn)).toMatchObject([{ listing: { publisher: publisher.address } }])
})

/** Listed models of a chain and a network that a test plays. */
function openPlayed(change: Partial<ListedModelsDeps> = {}) {
  const playedClock = new ManualClock(1_800_000_000_000)
  const registry = createTestRegistry()
  const asked: ModelId[] = []
  const kept = new Map<ModelId, ModelManifest>()
  const manifests: ListedModelsDeps['manifests'] = {
    kept: async (asking) => kept.get(asking) ?? null,
    async bring(missing) {
      asked.push(missing)
      throw new StorageError('storage/source-failed', 'Nobody has it.')
    },
    retain() {},
  }
  const documents = new MemoryDocumentStore()
  const held: ModelId[] = []
  const deps = {
    registry: async () => registry.port,
    documents,
    manifests,
    clock: playedClock,
    held: async () => held,
    ...change,
  }
  return {
    registry,
    asked,
    kept,
    manifests,
    documents,
    held,
    clock: playedClock,
    listed: createListedModels(deps),
  }
}

/** Refreshes twice a minute, as a page does. */
async function refreshFor(hours: number, { listed, clock: playedClock }: ReturnType<typeof openPlayed>) {
  for (let round = 0; round < hours * 120; round++) {
    await listed.refresh()
    await playedClock.advance(30_000)
  }
}

test('what nobody has is asked for less and less often, whatever its listing says meanwhile', async () => {
  const played = openPlayed()
  const author = publisherOf(1)
  for (let number = 1; number <= 3; number++) {
    played.registry.list(modelIdOf(number), author, 0, ['https://victim.example/'])
  }
  await refreshFor(1, played)
  played.registry.change(modelIdOf(1), author, { sources: ['https://victim.example/other/'] })
  await refreshFor(11, played)
  for (let number = 1; number <= 3; number++) {
    const times = played.asked.filter((asked) => asked === modelIdOf(number)).length
    expect(times).toBeGreaterThan(3)
    expect(times).toBeLessThan(16)
  }
})

test('manifests that take long hold a refresh up for a while only; once they have come, the next one tells', async () => {
  const played = openPlayed()
  const { promise, resolve } = Promise.withResolvers<void>()
  played.manifests.bring = async (missing) => {
    await promise
    played.kept.set(missing, manifest)
    return manifest
  }
  for (let number = 1; number <= 20; number++) played.registry.list(modelIdOf(number), publisherOf(1))
  const first = played.listed.refresh()
  await played.clock.advance(10_000)
  expect(await first).toBe(true)
  const second = played.listed.refresh()
  await played.clock.advance(10_000)
  expect(await second).toBe(false)
  resolve()
  expect(await played.listed.refresh()).toBe(true)
  expect(await played.listed.addTo(noOwn)).toHaveLength(20)
  expect(await played.listed.refresh()).toBe(false)
})

test('a model that is held here stays when others are listed by the dozen, and its manifest matters most', async () => {
  const played = openPlayed()
  let needed: NeededManifests | null = null
  played.manifests.retain = (given) => void (needed = given)
  const listing = played.registry.list(id, publisherOf(1), 500)
  played.kept.set(id, manifest)
  played.held.push(id)
  await played.listed.refresh()
  played.registry.flood(64, publisherOf(2))
  await played.listed.refresh()
  expect(await played.listed.addTo(noOwn)).toEqual([expect.objectContaining({ id, listing })])
  expect(played.listed.listingOf(id)).toEqual(listing)
  expect(needed).toMatchObject({ held: new Set([id]) })
  played.held.pop()
  await played.listed.refresh()
  expect(await played.listed.addTo(noOwn)).toEqual([])
  expect(played.listed.listingOf(id)).toBeNull()
})

test('new sources of a listing are noticed', async () => {
  const played = openPlayed()
  played.registry.list(id, publisherOf(1), 0, ['https://old.example/'])
  played.kept.set(id, manifest)
  expect(await played.listed.refresh()).toBe(true)
  expect(await played.listed.refresh()).toBe(false)
  played.registry.change(id, publisherOf(1), { sources: ['https://new.example/'] })
  expect(await played.listed.refresh()).toBe(true)
  expect(await played.listed.addTo(noOwn)).toMatchObject([{ sources: ['https://new.example/'] }])
})

test('the royalty of a model of the page is known however many listings came after it', async () => {
  const played = openPlayed()
  const listing = played.registry.list(id, publisherOf(1), 500)
  played.registry.flood(3_000, publisherOf(2))
  const named = ofOwn(own({ publisher: publisherOf(1) }))
  await played.listed.addTo(named)
  expect(await played.listed.refresh()).toBe(true)
  expect(await played.listed.addTo(named)).toEqual([own({ publisher: publisherOf(1), listing })])
})

test('a page’s own catalogue that cannot be read hides no listed model, and is read again', async () => {
  const played = openPlayed()
  const listing = played.registry.list(id, publisherOf(1))
  played.kept.set(id, manifest)
  const failure = new StorageError('storage/source-failed', 'The list of models could not be read.')
  const fail = () => Promise.reject(failure)
  await expect(played.listed.addTo(fail)).rejects.toBe(failure)
  await played.listed.refresh()
  expect(await played.listed.addTo(fail)).toMatchObject([{ id, listing }])
  expect(await played.listed.refresh()).toBe(false)
  await played.clock.advance(30_000)
  expect(await played.listed.refresh()).toBe(true)
  const ownId = modelIdOf(5)
  expect(await played.listed.addTo(ofOwn(own({ id: ownId })))).toMatchObject([{ id: ownId }, { id }])
  // What was read of it stays when it fails later.
  expect(await played.listed.addTo(fail)).toMatchObject([{ id: ownId }, { id }])
  await played.listed.addTo(ofOwn())
  expect(await played.listed.addTo(ofOwn())).toMatchObject([{ id }])
})

test('a model of the page that could not be read is read again', async () => {
  const { listed, clock: playedClock } = openPlayed()
  const [first, second] = [own({ id: modelIdOf(1) }), own({ id: modelIdOf(2) })]
  expect(await listed.addTo(async () => ({ entries: [first], failures: [new Error('malformed')] }))).toEqual([
    first,
  ])
  await playedClock.advance(30_000)
  expect(await listed.refresh()).toBe(true)
  expect(await listed.addTo(ofOwn(first, second))).toEqual([first, second])
  await playedClock.advance(30_000)
  expect(await listed.refresh()).toBe(false)
})

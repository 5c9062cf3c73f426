import { beforeEach, expect, test } from 'vitest'
import { createMemoryChain } from '../../src/chain/memory-chain.ts'
import { systemClock as clock } from '../../src/device/system-clock.ts'
import type { CatalogueEntry, ModelManifest } from '../../src/domain/model.ts'
import { makeManifest } from '../../src/models/make-manifest.ts'
import { ManifestBook } from '../../src/models/manifest-book.ts'
import type { Chain } from '../../src/ports/index.ts'
import { createListedModels } from '../../src/roles/listed-models.ts'
import { createManifestPeers, serveManifests } from '../../src/roles/pieces/manifest-exchange.ts'
import { MemoryDocumentStore } from '../../src/storage/memory-document-store.ts'
import { createMemoryNetwork } from '../../src/transport/memory-network.ts'
import { type FileServer, serveFiles } from '../fixtures/file-server.ts'
import { accounts, network } from '../fixtures/jobs.ts'
import { smallFacts, smallFiles } from '../fixtures/small-model.ts'

const [publisher, other] = accounts
const { id, manifest } = await makeManifest(smallFiles(), smallFacts)
const registry = `0x${'05'.repeat(20)}` as const

let chain: Chain
let tabs: ReturnType<typeof createMemoryNetwork>

beforeEach(() => {
  chain = createMemoryChain({ ...network, registry })
  tabs = createMemoryNetwork()
})

/** A tab that reads listings, on a network of tabs. */
async function join() {
  const { transport, holders } = tabs.join()
  await transport.start()
  const documents = new MemoryDocumentStore()
  const peers = createManifestPeers({ transport, holders, clock })
  const manifests = new ManifestBook({ documents, clock, peers })
  const listed = createListedModels({ chain, manifests, documents })
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

test('a listed model shows with its publisher and royalty once its manifest came from a server', async () => {
  const content = new TextEncoder().encode(JSON.stringify(manifest))
  const server: FileServer = await serveFiles([{ path: 'small/manifest.json', content }])
  const source = `${server.url}small/`
  const { listingId } = await chain.registerModel(
    { modelId: id, royaltyBps: 250, sources: [source] },
    publisher,
  )
  const { listed } = await join()
  expect(await listed.addTo([])).toEqual([])
  expect(await listed.refresh()).toBe(true)
  await server.close()
  expect(await listed.addTo([])).toMatchObject([
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
  await chain.registerModel({ modelId: id, royaltyBps: 0, sources: [] }, publisher)
  const [liar, ignorant, holder, reader] = [await join(), await join(), await join(), await join()]
  await liar.lend({ ...manifest, name: 'Another' })
  await ignorant.lend(null)
  await reader.listed.refresh()
  expect(await reader.listed.addTo([])).toEqual([])
  await holder.lend(manifest)
  expect(await reader.listed.refresh()).toBe(true)
  expect(await reader.listed.addTo([])).toMatchObject([{ id, sources: [] }])
})

test('what is known survives a reload without the chain', async () => {
  await chain.registerModel({ modelId: id, royaltyBps: 0, sources: [] }, publisher)
  const { documents, manifests, listed } = await join()
  await manifests.describe(smallFiles(), smallFacts)
  await listed.refresh()
  const away = { listings: () => Promise.reject(new Error('away')) }
  const again = createListedModels({ chain: away, manifests, documents })
  expect(await again.addTo([])).toMatchObject([{ id }])
  await expect(again.refresh()).rejects.toThrow()
})

test('a model of the page owes a royalty to the publisher that it names, and to nobody else', async () => {
  await chain.registerModel({ modelId: id, royaltyBps: 3000, sources: [] }, other)
  await chain.registerModel({ modelId: id, royaltyBps: 100, sources: [] }, publisher)
  const { listed } = await join()
  await listed.refresh()
  const [unnamed] = await listed.addTo([own()])
  expect(unnamed).toEqual(own())
  const [named] = await listed.addTo([own({ publisher: publisher.address })])
  expect(named?.listing).toMatchObject({ publisher: publisher.address, royaltyBps: 100 })
})

test('who listed a model first keeps its place', async () => {
  await chain.registerModel({ modelId: id, royaltyBps: 100, sources: [] }, publisher)
  await chain.registerModel({ modelId: id, royaltyBps: 0, sources: [] }, other)
  const { manifests, listed } = await join()
  await manifests.describe(smallFiles(), smallFacts)
  await listed.refresh()
  expect(await listed.addTo([])).toMatchObject([{ listing: { publisher: publisher.address } }])
})

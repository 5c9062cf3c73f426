import { beforeEach, describe, expect, it } from 'vitest'
import { entry, fakeTab, offer } from '../../tests/fixtures/fake-tab.ts'
import type { CatalogueEntry, ModelId } from '../domain/model.ts'
import type { Offer } from '../domain/offer.ts'
import type { EngineProbe, LoadedModel } from '../ports/engine.ts'
import { Models } from './models.svelte.ts'
import { NetworkView } from './network-view.svelte.ts'
import { SharedModels } from './shared-models.svelte.ts'
import { Sharing } from './sharing.svelte.ts'
import type { Tab } from './tab.ts'

const processor: EngineProbe = {
  webgpu: null,
  crossOriginIsolated: true,
  threads: 4,
  memoryBytes: 8 * 2 ** 30,
  storageBytes: null,
  backends: ['wasm'],
  reason: 'No GPU adapter was found.',
}

function model(byte: string, megabytes: number): CatalogueEntry {
  const id: ModelId = `0x${byte.repeat(32)}`
  const file = { path: 'model.gguf', bytes: megabytes * 1e6, sha256: id, pieceBytes: 1e6, pieces: [] }
  return { ...entry, id, manifest: { ...entry.manifest, name: byte, files: [file] } }
}

const [small, large, giant] = [model('a1', 100), model('b2', 400), model('c3', 60_000)]
const busy = { slots: 4, freeSlots: 0 }

function offers(of: CatalogueEntry, usd: number, places: Partial<Offer>, count = 2): Offer[] {
  const completionMicroUsdPerMillion = BigInt(usd * 1e6)
  const price = { promptMicroUsdPerMillion: 0n, completionMicroUsdPerMillion }
  const peers = Array.from({ length: count }, (_, at) => `${of.manifest.name}-${at}`)
  return peers.map((peerId) => ({ ...offer, peerId, modelId: of.id, price, ...places }))
}

let [models, network, sharing, shared]: [Models, NetworkView, Sharing, SharedModels] = [] as never

function open(parts: Partial<Tab> = {}): void {
  const tab = fakeTab(parts)
  models = new Models(tab)
  network = new NetworkView(tab)
  sharing = new Sharing(tab, {
    chosen: () => shared.chosen,
    marketPrice: (id) => network.offersOfOthers(id)[0]?.price.completionMicroUsdPerMillion ?? null,
  })
  shared = new SharedModels(tab, { models, network, sharing })
  models.entries = [small, large, giant]
  sharing.probe = processor
}

beforeEach(() => open())

const ran = (of: CatalogueEntry, tokensPerSecond: number) =>
  sharing.terms.note(of, { tokensPerSecond, backend: 'wasm' } as LoadedModel)

describe('what speaks for a model', () => {
  it('is whether it fits, what is asked of it, and what it would leave', () => {
    ran(small, 40)
    network.offers = [...offers(small, 0.2, { slots: 4, freeSlots: 1 }), ...offers(large, 0.8, busy)]
    const [first, second, third] = shared.list
    expect(first).toMatchObject({ downloadBytes: 100e6, market: { tabs: 2, slots: 8, busySlots: 6 } })
    expect([first, second, third].map((each) => each?.fit?.fits)).toEqual([true, true, false])
    expect(second?.speed).toEqual({ tokensPerSecond: 10, scaledFrom: small.id })
    expect(first?.earnings?.busyShare).toBeGreaterThan(0)
    expect(third?.market.price).toBeNull()
  })

  it('is what it takes on the disk: the file, and its weights in 8 bits; a folder is kept as it is', () => {
    expect(shared.find(small.id)?.storedBytes).toBeCloseTo(100e6 + (100e6 * 8) / 4.5, -1)
    const folder = { ...small, manifest: { ...small.manifest, format: 'onnx-folder' as const } }
    models.entries = [folder]
    expect(shared.find(small.id)?.storedBytes).toBe(100e6)
  })

  it('is not known while the machine and the speed are not', () => {
    sharing.probe = null
    expect(shared.list[0]).toMatchObject({ fit: null, speed: null, earnings: null, holders: null })
  })

  it('tells how many tabs hold it, as far as a relay answers', async () => {
    open({ holders: async () => ({ find: async (id) => ({ peers: [], count: id === small.id ? 7 : 0 }) }) })
    await shared.lookForHolders()
    expect(shared.list.map(({ holders }) => holders)).toEqual([7, 0, 0])
  })
})

describe('the chosen model', () => {
  it('is the first until somebody chooses, and then that one while it is listed', () => {
    expect(shared.chosen).toBe(small)
    sharing.terms.modelId = large.id
    expect(shared.chosen).toBe(large)
    models.entries = [small]
    expect(shared.chosen).toBe(small)
  })

  it('is what earns most where this tab chooses: a slower one that is asked for beats a quick one that nobody wants', () => {
    ran(small, 40)
    ran(large, 12)
    sharing.terms.isAutomatic = true
    network.offers = [...offers(small, 0.1, { slots: 4, freeSlots: 4 }), ...offers(large, 0.8, busy)]
    expect(shared.choice).toEqual({ id: large.id, reason: 'earns-most', rival: small.id })
    expect(shared.chosen).toBe(large)
    network.offers = [...offers(small, 0.8, busy), ...offers(large, 0.1, { slots: 4, freeSlots: 4 })]
    expect(shared.chosen).toBe(small)
  })

  it('is the shortest download that fits where nothing was measured', () => {
    sharing.terms.isAutomatic = true
    models.entries = [giant, large, small]
    expect(shared.choice).toEqual({ id: small.id, reason: 'smallest', rival: null })
    expect(shared.chosen).toBe(small)
  })

  it('stays what is shared, whatever the market does meanwhile', () => {
    ran(small, 40)
    ran(large, 12)
    sharing.terms.isAutomatic = true
    sharing.entry = small
    sharing.status = { ...sharing.status, stage: 'online' }
    network.offers = offers(large, 9, busy)
    expect(shared.choice?.id).toBe(large.id)
    expect(shared.chosen).toBe(small)
  })
})

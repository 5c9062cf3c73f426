import { toHex } from 'viem'
import { beforeEach, expect, test } from 'vitest'
import { createMemoryChain } from '../../src/chain/memory-chain.ts'
import { systemClock as clock } from '../../src/device/system-clock.ts'
import type { ModelManifest } from '../../src/domain/model.ts'
import { createMemoryEngine } from '../../src/engine/memory-engine.ts'
import { ManifestBook } from '../../src/models/manifest-book.ts'
import { createMemoryModelStore } from '../../src/models/memory-model-store.ts'
import type { Chain, ModelRegistry } from '../../src/ports/index.ts'
import { type PublishDraft, type PublishProgress, createPublisher } from '../../src/roles/models/publish.ts'
import { MemoryDocumentStore } from '../../src/storage/memory-document-store.ts'
import { accounts, network } from '../fixtures/jobs.ts'

const [publisher, other] = accounts
const local = { ...network, registry: `0x${'05'.repeat(20)}` as const }
const file = new Blob(['the weights of a model'])
const draft: PublishDraft = {
  name: 'Mine',
  license: 'MIT',
  contextTokens: 128,
  royaltyBps: 500,
  sources: ['https://models.example/mine'],
}

let chain: Chain & ModelRegistry
beforeEach(() => {
  chain = createMemoryChain(local)
})

function open(on = chain) {
  const documents = new MemoryDocumentStore()
  const engine = createMemoryEngine()
  const models = createMemoryModelStore([])
  const manifests = new ManifestBook({ documents, clock })
  return {
    engine,
    models,
    manifests,
    tab: createPublisher({ engine, models, manifests, chain: on, registry: on, publisher }),
  }
}

async function measured({ tab }: ReturnType<typeof open>, fileName = 'My model.gguf') {
  return { fileName, file, measured: await tab.measure(file) }
}

test('a file becomes a model: described, kept here and listed with its royalty', async () => {
  const opened = open()
  const progress: PublishProgress[] = []
  const onProgress = (step: PublishProgress) => progress.push(step)
  const entry = await opened.tab.publish(await measured(opened), draft, { onProgress })
  expect(entry).toMatchObject({
    manifest: {
      name: 'Mine',
      license: 'MIT',
      contextTokens: 128,
      files: [{ path: 'My-model.gguf', bytes: file.size }, { path: 'smoothing.safetensors' }],
    } satisfies Partial<Record<keyof ModelManifest, unknown>>,
    sources: ['https://models.example/mine/'],
    listing: { publisher: publisher.address, royaltyBps: 500 },
  })
  expect([...new Set(progress.map(({ stage }) => stage))]).toEqual(['describe', 'keep', 'register'])
  expect(await opened.manifests.kept(entry.id)).toEqual(entry.manifest)
  expect(await opened.models.status(entry.id)).toMatchObject({ state: 'ready' })
  expect(await chain.listings(0, 9)).toEqual([entry.listing])
})

test('published again it is the same listing', async () => {
  const opened = open()
  const first = await opened.tab.publish(await measured(opened), draft)
  expect(await opened.tab.publish(await measured(opened), { ...draft, royaltyBps: 900 })).toEqual(first)
})

test('published again it is the same listing, however many came after it', async () => {
  const opened = open()
  const first = await opened.tab.publish(await measured(opened), draft)
  for (let later = 1; later <= 100; later++) {
    const modelId = toHex(later, { size: 32 })
    await chain.registerModel({ modelId, royaltyBps: 0, sources: [] }, other)
  }
  // Somebody else's listing of the same model is not one's own.
  await chain.registerModel({ modelId: first.id, royaltyBps: 0, sources: [] }, other)
  expect(await opened.tab.publish(await measured(opened), draft)).toEqual(first)
})

test.each([
  ['../../etc/passwd', 'etc-passwd.gguf'],
  ['…', 'model.gguf'],
  ['a'.repeat(300), `${'a'.repeat(100)}.gguf`],
])('a file called %s gets a plain path', async (fileName, path) => {
  const opened = open()
  const { manifest } = await opened.tab.publish(await measured(opened, fileName), draft)
  expect(manifest.files[0]?.path).toBe(path)
})

test('what it costs is known before, and an account without gas keeps its money and says so', async () => {
  const base = createMemoryChain({ ...local, name: 'Base', chainId: 8453 })
  const opened = open(base)
  const cost = await opened.tab.cost(draft)
  expect(cost).toMatchObject({ gasWei: 0n, isGiven: false })
  expect(cost.costWei).toBeGreaterThan(0n)
  await expect(opened.tab.publish(await measured(opened), draft)).rejects.toMatchObject({
    code: 'chain/insufficient-funds',
    shortMessage: expect.stringContaining('Base'),
  })
  expect(await base.listings(0, 9)).toEqual([])
})

test('a licence or a name that no reader takes is refused before anything is listed', async () => {
  const opened = open()
  for (const change of [{ license: '<b>' }, { name: '' }]) {
    await expect(opened.tab.publish(await measured(opened), { ...draft, ...change })).rejects.toMatchObject({
      code: 'storage/malformed-manifest',
    })
  }
  expect(await chain.listings(0, 9)).toEqual([])
})

test('a file that the engine cannot read is refused', async () => {
  const { tab } = open()
  await expect(tab.measure(new Blob([]))).rejects.toMatchObject({ code: 'engine/malformed-model' })
})

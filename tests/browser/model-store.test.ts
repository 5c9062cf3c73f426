import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CatalogueEntry } from '../../src/domain/model.ts'
import { makeManifest } from '../../src/models/make-manifest.ts'
import { modelStoreCases } from '../conformance/model-store.ts'
import { serveFiles, type FileServer, type ServerFault } from '../fixtures/file-server.ts'
import { smallFacts, smallFiles, smallPieceBytes } from '../fixtures/small-model.ts'
import { moduleIn, openHarness, type Harness } from './harness.ts'

let harness: Harness
let server: FileServer
let entry: CatalogueEntry
let page: Page

beforeAll(async () => {
  server = await serveFiles(smallFiles())
  const { id, manifest } = await makeManifest(smallFiles(), smallFacts, smallPieceBytes)
  entry = { id, manifest, sources: [server.url], description: 'Small' }
  harness = await openHarness()
  page = await harness.openPage()
})
afterAll(async () => {
  await harness?.close()
  await server?.close()
})

const store = (on: Page) =>
  moduleIn<typeof import('./model-store-page.ts')>(on, 'tests/browser/model-store-page.ts')

async function untilAsked(requests: number): Promise<void> {
  await expect.poll(() => server.ranges.length).toBe(requests)
}

describe('a model store on private files', () => {
  test.each(modelStoreCases.map(({ name }, index) => ({ name, index })))('$name', ({ index }) =>
    store(page).call('runCase', index, entry),
  )

  test('goes on after its tab was closed in the middle, from the next piece', async () => {
    const closed = await harness.openPage()
    server.ranges.length = 0
    server.fault = { kind: 'stalls', afterBytes: 2 * smallPieceBytes + 9 }
    const broken = store(closed).call('fetchModel', 'reload', entry)
    await untilAsked(1)
    await expect
      .poll(() => store(page).call('statusOf', 'reload', entry))
      .toMatchObject({ state: 'partial', bytes: 2 * smallPieceBytes })
    await Promise.all([closed.close(), expect(broken).rejects.toThrow()])
    server.fault = null
    expect(await store(page).call('fetchModel', 'reload', entry)).toBe(true)
    expect(server.ranges[1]).toMatch(`bytes=${2 * smallPieceBytes}-`)
  })

  const defects: ServerFault[] = [
    { kind: 'ends-early', afterBytes: smallPieceBytes + 1 },
    { kind: 'resets', afterBytes: smallPieceBytes + 1 },
    { kind: 'stalls', afterBytes: 1 },
    { kind: 'flips-byte', offset: smallPieceBytes },
    { kind: 'ignores-ranges' },
    { kind: 'fails', status: 404 },
  ]

  test.each(defects)('turns to another source when one $kind', async (fault) => {
    const faulty = await serveFiles(smallFiles(), fault)
    const sources = [faulty.url, ...entry.sources]
    expect(await store(page).call('fetchModel', fault.kind, { ...entry, sources }, 200)).toBe(true)
    await faulty.close()
  })

  test('fetches a piece again that the disk has spoiled, and no other', async () => {
    await store(page).call('fetchModel', 'spoiled', entry)
    await store(page).call('flipByte', 'spoiled', entry, 2)
    server.ranges.length = 0
    expect(await store(page).call('fetchModel', 'spoiled', entry)).toBe(true)
    expect(server.ranges).toEqual([`bytes=${2 * smallPieceBytes}-${3 * smallPieceBytes - 1}`])
  })

  test('downloads once when two tabs want a model, also when the first is closed', async () => {
    const first = await harness.openPage()
    server.ranges.length = 0
    server.fault = { kind: 'stalls', afterBytes: smallPieceBytes }
    const broken = store(first).call('fetchModel', 'shared', entry)
    await untilAsked(1)
    const [second, third] = [store(page), store(await harness.openPage())].map((tab) =>
      tab.call('fetchModel', 'shared', entry),
    )
    server.fault = null
    await Promise.all([first.close(), expect(broken).rejects.toThrow()])
    expect(await Promise.all([second, third])).toEqual([true, true])
    expect(server.ranges).toHaveLength(1 + entry.manifest.files.length)
  })

  test('tells a tab that waits how far the other one is', async () => {
    const first = await harness.openPage()
    server.ranges.length = 0
    server.fault = { kind: 'stalls', afterBytes: 3 * smallPieceBytes }
    const broken = store(first).call('fetchModel', 'waiting', entry)
    await untilAsked(1)
    await expect
      .poll(() => store(page).call('statusOf', 'waiting', entry))
      .toMatchObject({ bytes: 3 * smallPieceBytes })
    expect(await store(page).call('firstProgress', 'waiting', entry)).toBe(3 * smallPieceBytes)
    server.fault = null
    await Promise.all([first.close(), expect(broken).rejects.toThrow()])
  })

  test('says before the download how much room is missing', async () => {
    const narrow = await harness.openPage()
    server.ranges.length = 0
    await expect(store(narrow).call('fetchWithRoom', 'narrow', entry, 1000)).rejects.toMatchObject({
      code: 'storage/quota',
      shortMessage: 'This model needs 1 MB more, and this browser has room for 0 MB.',
    })
    expect(server.ranges).toEqual([])
    await narrow.close()
  })

  test('reports a disk that fills up on the way', async () => {
    const context = await harness.newContext()
    const full = await harness.openPage(context)
    const session = await context.newCDPSession(full)
    await session.send('Storage.overrideQuotaForOrigin', { origin: harness.url, quotaSize: 10_000 })
    await expect(store(full).call('fetchModel', 'full', entry)).rejects.toMatchObject({
      code: 'storage/quota',
    })
    await context.close()
  })

  test('keeps models in memory where private files are refused', async () => {
    const refused = await harness.openPage()
    expect(await store(refused).call('fallsBackToMemory')).toBe(true)
    await refused.close()
  })
})

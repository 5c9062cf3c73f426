import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSeededRandom } from '../../src/device/seeded-random.ts'
import type { CatalogueEntry } from '../../src/domain/model.ts'
import { makeManifest } from '../../src/models/make-manifest.ts'
import { serveFiles, type FileServer } from '../fixtures/file-server.ts'
import { smallFacts } from '../fixtures/small-model.ts'
import { spawnBrowser, type SpawnedBrowser } from '../fixtures/spawned-browser.ts'
import { moduleIn, openHarness, type Harness } from './harness.ts'
import { moments } from './power-cut-page.ts'

const pieceBytes = 256 * 1024
const pieces = 5
/** The piece that is being written when the power goes. */
const cutPiece = 2

let harness: Harness
let server: FileServer
let entry: CatalogueEntry
let profile: string
let browser: SpawnedBrowser

beforeAll(async () => {
  const content = new Uint8Array(createSeededRandom(4).bytes(pieces * pieceBytes - 100))
  const file = { path: 'weights.gguf', content, blob: new Blob([content]) }
  server = await serveFiles([file])
  const { id, manifest } = await makeManifest([file], smallFacts, pieceBytes)
  entry = { id, manifest, sources: [server.url], description: 'Cut' }
  harness = await openHarness()
  profile = await mkdtemp(join(tmpdir(), 'opentab-power-'))
  browser = await spawnBrowser(profile)
})

afterAll(async () => {
  await browser?.cutPower()
  await harness?.close()
  await server?.close()
  await rm(profile, { recursive: true, force: true, maxRetries: 5 })
})

async function openPage() {
  const page = await harness.openPage(browser.context)
  return {
    page,
    store: moduleIn<typeof import('./power-cut-page.ts')>(page, 'tests/browser/power-cut-page.ts'),
  }
}

test.each(moments)('a power cut %s leaves whole pieces alone, and the next visit goes on', async (moment) => {
  const { page, store } = await openPage()
  const gone = Promise.withResolvers<void>()
  await page.exposeFunction('cutPower', () => browser.cutPower().then(gone.resolve))
  store.call('fetchUntilCut', moment, entry, { moment, piece: cutPiece }).catch(() => {})
  await gone.promise

  browser = await spawnBrowser(profile)
  const next = await openPage()
  const sizes = await next.store.call('keptSizes', moment, entry)
  expect(sizes.slice(0, cutPiece)).toEqual(Array(cutPiece).fill(pieceBytes))
  expect([0, pieceBytes]).toContain(sizes[cutPiece])
  expect(sizes.slice(cutPiece + 1)).toEqual(Array(pieces - cutPiece - 1).fill(0))
  server.ranges.length = 0
  const { bytes } = entry.manifest.files[0]!
  expect(await next.store.call('fetchRest', moment, entry)).toBe(bytes)
  const keptBytes = sizes.reduce((sum, size) => sum + size)
  expect(server.ranges).toEqual([`bytes=${keptBytes}-${bytes - 1}`])
  await next.page.close()
})

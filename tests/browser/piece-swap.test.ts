import type { BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CatalogueEntry } from '../../src/domain/model.ts'
import { describeLargeModel, largePieceBytes, largePieces } from '../fixtures/large-model.ts'
import { startTestRelay, type TestRelay } from '../fixtures/test-relay.ts'
import { moduleIn, openHarness, type Harness } from './harness.ts'

let harness: Harness
let relay: TestRelay
let entry: CatalogueEntry

beforeAll(async () => {
  relay = await startTestRelay()
  harness = await openHarness()
  entry = await describeLargeModel()
})

afterAll(async () => {
  await harness?.close()
  await relay?.stop()
})

/** A person's browser; its tab may be closed and opened again. */
async function openTab(context: BrowserContext, { lies = false, keeps = [] as number[] } = {}) {
  const page = await harness.openPage(context)
  const tab = moduleIn<typeof import('./piece-swap-page.ts')>(page, 'tests/browser/piece-swap-page.ts')
  await tab.call('keep', entry, keeps)
  const peerId = await tab.call('goOnline', relay.multiaddrs, entry, lies)
  return { page, tab, peerId }
}

const range = (first: number, end: number) => Array.from({ length: end - first }, (_, index) => first + index)
const half = Math.ceil(largePieces / 2)

test('three tabs swap 100 MB while one of them lies and one leaves and comes back', async () => {
  const contexts = await Promise.all([1, 2, 3].map(() => harness.newContext()))
  const liar = await openTab(contexts[2]!, { lies: true, keeps: range(0, largePieces) })
  const stayer = await openTab(contexts[0]!, { keeps: range(0, half) })
  const leaver = await openTab(contexts[1]!, { keeps: range(half, largePieces) })

  const stays = stayer.tab.call('fetchModel', entry)
  const breaks = leaver.tab.call('fetchModel', entry).catch(() => 'broken')
  const kept = async () => (await stayer.tab.call('statusOf', entry)).bytes
  await expect.poll(kept, { timeout: 120_000, interval: 200 }).toBeGreaterThan((half + 4) * largePieceBytes)
  await leaver.page.close()
  expect(await breaks).toBe('broken')

  const back = await openTab(contexts[1]!)
  const resumed = await back.tab.call('statusOf', entry)
  expect(resumed.bytes).toBeGreaterThanOrEqual((largePieces - half) * largePieceBytes)
  const { sha256 } = entry.manifest.files[0]!
  expect(await Promise.all([stays, back.tab.call('fetchModel', entry)])).toEqual([sha256, sha256])
  // Each of the others found out within what it asks of a tab at a time, and once more after it came back.
  const lent = (await liar.tab.call('lendingStatus')).sentBytes
  expect(lent).toBeGreaterThan(0)
  expect(lent).toBeLessThanOrEqual(3 * 2 * largePieceBytes)
  await Promise.all(contexts.map((context) => context.close()))
})

import type { BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CatalogueEntry } from '../../src/domain/model.ts'
import { describeLargeModel, largePieceBytes, largePieces } from '../fixtures/large-model.ts'
import { startTestRelay, type TestRelay } from '../fixtures/test-relay.ts'
import { moduleIn, openHarness, type Harness } from './harness.ts'
import type { Lending } from './piece-swap-page.ts'

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
async function openTab(
  context: BrowserContext,
  { keeps = [], ...lending }: Lending & { keeps?: number[] } = {},
) {
  const page = await harness.openPage(context)
  const tab = moduleIn<typeof import('./piece-swap-page.ts')>(page, 'tests/browser/piece-swap-page.ts')
  await tab.call('keep', entry, keeps)
  const peerId = await tab.call('goOnline', relay.multiaddrs, entry, lending)
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

test('lends no more over real links than its limit lets through, to two tabs together', async () => {
  const contexts = await Promise.all([1, 2, 3].map(() => harness.newContext()))
  const bytesPerSecond = 320_000
  const lending = { bytesPerSecond, isDriven: true, keeps: range(0, largePieces) }
  const lender = await openTab(contexts[0]!, lending)
  const readers = [await openTab(contexts[1]!), await openTab(contexts[2]!)]
  // They are closed in the middle of it.
  for (const { tab } of readers) void tab.call('fetchModel', entry).catch(() => {})
  const lendingStatus = () => lender.tab.call('lendingStatus')
  const received = async () => {
    const statuses = await Promise.all(readers.map(({ tab }) => tab.call('lendingStatus')))
    return statuses.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0)
  }
  const patience = { timeout: 60_000, interval: 20 }
  const frameBytes = 16_000
  /** Lets time pass, and sees that what falls due in it comes, to the last frame of each line, and nothing more. */
  const expectRate = async (rate: number, ms: number, fromBytes: number, allowanceBytes: number) => {
    for (let passedMs = 100; passedMs <= ms; passedMs += 100) {
      await lender.tab.call('passTime', 100)
      const dueBytes = fromBytes + (rate * passedMs) / 1000
      await expect.poll(received, patience).toBeGreaterThanOrEqual(dueBytes - 2 * frameBytes)
      expect(await received()).toBeLessThanOrEqual(dueBytes + allowanceBytes)
    }
  }

  await expect.poll(async () => (await lendingStatus()).tabs, patience).toBe(2)
  const burstBytes = bytesPerSecond / 4
  await expect.poll(received, patience).toBe(burstBytes)
  await expectRate(bytesPerSecond, 3_000, burstBytes, 0)

  // A lower limit holds from then on; a frame of each line was booked before.
  const before = burstBytes + 3 * bytesPerSecond
  await expect.poll(received, patience).toBe(before)
  await lender.tab.call('limitTo', bytesPerSecond / 4)
  await expectRate(bytesPerSecond / 4, 4_000, before, burstBytes / 4 + 2 * frameBytes)
  const { sentBytes } = await lendingStatus()
  await expect.poll(received, patience).toBe(sentBytes)
  await Promise.all(contexts.map((context) => context.close()))
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { startTestRelay, type TestRelay } from '../fixtures/test-relay.ts'
import { moduleIn, openHarness, type Harness } from './harness.ts'

let harness: Harness
let relay: TestRelay

beforeAll(async () => {
  relay = await startTestRelay()
  harness = await openHarness()
})

afterAll(async () => {
  await harness?.close()
  await relay?.stop()
})

/** A tab in a browser context of its own. */
async function openTab(prepare?: (page: Page) => Promise<void>) {
  const page = await harness.openPage(await harness.newContext())
  const tab = moduleIn<typeof import('./tab-page.ts')>(page, 'tests/browser/tab-page.ts')
  await prepare?.(page)
  return { page, tab, peerId: await tab.call('goOnline', relay.multiaddrs) }
}

test('two tabs talk directly: far more passes than a relay would carry', async () => {
  const [near, far] = [await openTab(), await openTab()]
  const bytes = 16 * 64 * 1024
  expect(await near.tab.call('echoBytes', far.peerId, 16, 64 * 1024)).toBe(bytes)
  expect(await near.tab.call('bytesOverWebRtc')).toBeGreaterThan(bytes)
  await Promise.all([near.page.close(), far.page.close()])
})

test('after a relay restart tabs are reachable again, and their offers listed', async () => {
  const [near, far] = [await openTab(), await openTab()]
  await far.tab.call('publish', 1)
  await near.tab.call('untilListed', far.peerId, true)
  await relay.pause()
  await Promise.all([near.tab.call('untilAlone'), far.tab.call('untilAlone')])
  await relay.resume()
  await Promise.all([near.tab.call('untilReachable'), far.tab.call('untilReachable')])
  expect(await near.tab.call('echoBytes', far.peerId, 1, 10)).toBe(10)
  const late = await openTab()
  await late.tab.call('untilListed', far.peerId, true)
  await Promise.all([near, far, late].map(({ page }) => page.close()))
})

test('a link between tabs outlives its relay', async () => {
  const [near, far] = [await openTab(), await openTab()]
  await near.tab.call('echoBytes', far.peerId, 1, 10)
  await relay.pause()
  await near.tab.call('untilAlone')
  expect(await near.tab.call('echoBytes', far.peerId, 2, 1000)).toBe(2000)
  await relay.resume()
  await Promise.all([near.page.close(), far.page.close()])
})

test('a tab that is closed with no goodbye is missed at once', async () => {
  const [near, far] = [await openTab(), await openTab()]
  await far.tab.call('publish', 1)
  await near.tab.call('untilListed', far.peerId, true)
  await near.tab.call('holdStream', far.peerId)
  const broken = near.tab.call('waitForBreak')
  await far.page.close()
  await near.tab.call('untilDeparted', far.peerId)
  await near.tab.call('untilListed', far.peerId, false)
  expect(await broken).toBe('transport/stream-reset')
  await near.page.close()
})

test('without a direct link nothing is sent: the relay carries no payload', async () => {
  const blocked = await openTab((page) =>
    moduleIn<typeof import('./tab-page.ts')>(page, 'tests/browser/tab-page.ts').call('blockWebRtc'),
  )
  const far = await openTab()
  await expect(blocked.tab.call('echoBytes', far.peerId, 1, 10)).rejects.toMatchObject({
    code: 'transport/peer-unreachable',
  })
  expect(await far.tab.call('streamsAnswered')).toBe(0)
  await Promise.all([blocked.page.close(), far.page.close()])
})

import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prefixLength } from '../../src/transport/length-prefix.ts'
import { startTestRelay, type TestRelay } from '../fixtures/test-relay.ts'
import { startWireNode } from '../fixtures/wire-node.ts'
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

const protocolId = '/opentab-test/tab/1.0.0'

/** A page in a browser context of its own. */
async function openPage() {
  const page = await harness.openPage(await harness.newContext())
  return { page, tab: moduleIn<typeof import('./tab-page.ts')>(page, 'tests/browser/tab-page.ts') }
}

async function openTab() {
  const { page, tab } = await openPage()
  return { page, tab, peerId: await tab.call('goOnline', relay.multiaddrs) }
}

/** Opens a stream to a tab over a link that is not direct, and resolves once the tab has thrown it out. */
async function intrude(connection: Connection): Promise<void> {
  const stream = await connection.newStream(protocolId, { runOnLimitedConnection: true }).catch(() => null)
  if (!stream || stream.status !== 'open') return
  const closed = Promise.withResolvers<void>()
  stream.addEventListener('close', () => closed.resolve())
  stream.send(prefixLength(new TextEncoder().encode('{"type":"job"}')))
  await closed.promise
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
  const { page, tab } = await openPage()
  await tab.call('blockWebRtc')
  await tab.call('goOnline', relay.multiaddrs)
  const far = await openTab()
  await expect(tab.call('echoBytes', far.peerId, 1, 10)).rejects.toMatchObject({
    code: 'transport/peer-unreachable',
  })
  expect(await far.tab.call('streamsAnswered')).toBe(0)
  await Promise.all([page.close(), far.page.close()])
})

test('a stream that comes through the relay is thrown out unread', async () => {
  const { page, tab, peerId } = await openTab()
  const intruder = await startWireNode()
  const relayed = await intruder.dial(multiaddr(`${relay.multiaddrs[0]}/p2p-circuit/p2p/${peerId}`))
  expect(relayed.limits).toBeDefined()
  await intrude(relayed)
  expect(await tab.call('streamsAnswered')).toBe(0)
  await intruder.stop()
  await page.close()
})

test('a relay that asks for an answer itself gets none', async () => {
  const curious = await startWireNode(['/ip4/127.0.0.1/tcp/0/ws'])
  const { page, tab } = await openPage()
  await tab.call('connect', curious.getMultiaddrs().map(String))
  const [connection] = curious.getConnections()
  await intrude(connection!)
  expect(await tab.call('streamsAnswered')).toBe(0)
  await page.close()
  await curious.stop()
})

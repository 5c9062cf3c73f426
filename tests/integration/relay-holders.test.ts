import { afterEach, expect, test, vi } from 'vitest'
import { createLibp2pHolders } from '../../src/transport/libp2p-holders.ts'
import { createRelayLinks } from '../../src/transport/relay-links.ts'
import { parseRelay, RelayKeeper } from '../../src/transport/relay-keeper.ts'
import { holdersCases } from '../conformance/holders.ts'
import { startTestRelay, type TestRelay } from '../fixtures/test-relay.ts'
import { startWireNode } from '../fixtures/wire-node.ts'

const leaving: (() => unknown)[] = []

afterEach(async () => {
  for (const leave of leaving.splice(0).reverse()) await leave()
})

async function openRelay(): Promise<TestRelay> {
  const relay = await startTestRelay()
  leaving.push(() => relay.stop())
  return relay
}

/** A tab's way to the holders over real connections, without WebRTC. */
async function joinHolders(relays: TestRelay[]) {
  const node = await startWireNode()
  const keeper = new RelayKeeper(node, relays.flatMap(({ multiaddrs }) => multiaddrs).map(parseRelay))
  keeper.start()
  const leave = async () => {
    keeper.stop()
    await node.stop()
  }
  leaving.push(leave)
  await vi.waitFor(() => expect(keeper.connected()).toHaveLength(relays.length), 10_000)
  const peerId = node.peerId.toString()
  return {
    peerId,
    holders: createLibp2pHolders(
      createRelayLinks(node, keeper, () => {}),
      peerId,
    ),
    leave,
  }
}

test.each(holdersCases)('$name', async ({ run }) => {
  const relay = await openRelay()
  await run({ join: () => joinHolders([relay]) })
})

const model = `0x${'07'.repeat(32)}` as const

test('with two relays a holder is found by way of either', async () => {
  const relays = [await openRelay(), await openRelay()]
  const [lender, reader] = [await joinHolders(relays), await joinHolders(relays)]
  await lender.holders.announce([model])
  await relays[0]!.pause()
  expect(await reader.holders.find(model)).toEqual({ peers: [lender.peerId], count: 1 })
  await relays[0]!.resume()
})

test('without a relay it says so', async () => {
  const relay = await openRelay()
  const reader = await joinHolders([relay])
  await relay.pause()
  await vi.waitFor(async () => {
    await expect(reader.holders.find(model)).rejects.toMatchObject({ code: 'transport/no-relay' })
  }, 20_000)
  await relay.resume()
})

test('a tab that asks without end is turned away, and others are not', async () => {
  const relay = await openRelay()
  const [eager, calm] = [await joinHolders([relay]), await joinHolders([relay])]
  const asked = await Promise.allSettled(Array.from({ length: 60 }, () => eager.holders.find(model)))
  expect(asked.some(({ status }) => status === 'rejected')).toBe(true)
  await calm.holders.announce([model])
  expect((await calm.holders.find(model)).count).toBe(1)
  expect(await relay.health()).toMatchObject({ lenders: 1 })
})

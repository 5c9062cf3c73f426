import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, test, vi } from 'vitest'
import type { DirectoryView } from '../../src/ports/directory.ts'
import { createLibp2pDirectory } from '../../src/transport/libp2p-directory.ts'
import { createRelayLinks } from '../../src/transport/relay-links.ts'
import { parseRelay, RelayKeeper } from '../../src/transport/relay-keeper.ts'
import { signedTestOffer } from '../fixtures/offer.ts'
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

async function joinNode(listen: string[] = []) {
  const node = await startWireNode(listen)
  leaving.push(() => node.stop())
  return node
}

/** A tab's directory over real connections, without WebRTC. */
async function joinDirectory(relays: TestRelay[]) {
  const node = await joinNode()
  const keeper = new RelayKeeper(node, relays.flatMap(({ multiaddrs }) => multiaddrs).map(parseRelay))
  const suspect = vi.fn<(peer: string) => void>()
  const directory = createLibp2pDirectory(createRelayLinks(node, keeper, suspect), {
    nowMs: () => Date.now(),
  })
  keeper.start()
  leaving.push(() => {
    keeper.stop()
    directory.stop()
  })
  await keeper.untilConnected()
  await vi.waitFor(() => expect(keeper.connected()).toHaveLength(relays.length), 10_000)
  return { node, peerId: node.peerId.toString(), directory, suspect }
}

type Joined = Awaited<ReturnType<typeof joinDirectory>>

async function untilView({ directory }: Joined, matches: (view: DirectoryView) => boolean): Promise<void> {
  await vi.waitFor(async () => expect(matches(await directory.list())).toBe(true), 20_000)
}

const lists =
  ({ peerId }: Joined) =>
  ({ offers }: DirectoryView) =>
    offers.some(({ offer }) => offer.peerId === peerId)

test('with two relays an offer stays listed while one of them is away, and is listed there again after', async () => {
  const relays = [await openRelay(), await openRelay()]
  const [seller, buyer] = [await joinDirectory(relays), await joinDirectory(relays)]
  await seller.directory.publish(await signedTestOffer(seller.peerId))
  await untilView(buyer, lists(seller))
  await relays[0]!.pause()
  expect(lists(seller)(await buyer.directory.list())).toBe(true)
  await relays[0]!.resume()
  await vi.waitFor(async () => expect(await relays[0]!.health()).toMatchObject({ offers: 1 }), 20_000)
})

test('a relay that comes back is told the offer again, and a withdrawn one is not', async () => {
  const relay = await openRelay()
  const [seller, buyer] = [await joinDirectory([relay]), await joinDirectory([relay])]
  await seller.directory.publish(await signedTestOffer(seller.peerId))
  await relay.pause()
  await relay.resume()
  await vi.waitFor(async () => expect(await relay.health()).toMatchObject({ offers: 1 }), 20_000)
  await untilView(buyer, lists(seller))
  await seller.directory.withdraw()
  await untilView(buyer, (view) => !lists(seller)(view))
})

test('an offer that is not renewed goes by itself', async () => {
  const relay = await openRelay()
  const [seller, buyer] = [await joinDirectory([relay]), await joinDirectory([relay])]
  const expiresAtSeconds = Math.floor(Date.now() / 1000) + 2
  await seller.directory.publish(await signedTestOffer(seller.peerId, { expiresAtSeconds }))
  await untilView(buyer, lists(seller))
  await untilView(buyer, (view) => !lists(seller)(view))
  await vi.waitFor(async () => expect(await relay.health()).toMatchObject({ offers: 0, tabs: 2 }), 10_000)
})

test('a departure is told, and has the link to that tab looked after', async () => {
  const relay = await openRelay()
  const [seller, buyer] = [await joinDirectory([relay]), await joinDirectory([relay])]
  await seller.directory.publish(await signedTestOffer(seller.peerId))
  await untilView(buyer, lists(seller))
  const departed = new Promise((resolve) => buyer.directory.watchDepartures(resolve))
  await seller.node.stop()
  expect(await departed).toBe(seller.peerId)
  expect(buyer.suspect).toHaveBeenCalledWith(seller.peerId)
})

test('without a relay publishing says so', async () => {
  const relay = await openRelay()
  const seller = await joinDirectory([relay])
  await relay.pause()
  await vi.waitFor(async () => {
    const publishing = seller.directory.publish(await signedTestOffer(seller.peerId))
    await expect(publishing).rejects.toMatchObject({ code: 'transport/no-relay' })
  }, 20_000)
  await relay.resume()
})

test('a tab that asks without end is slowed down, then turned away, and others are not', async () => {
  const relay = await openRelay()
  const [eager, calm] = [await joinDirectory([relay]), await joinDirectory([relay])]
  for (let sequence = 1; sequence <= 60; sequence++) {
    eager.directory.publish(await signedTestOffer(eager.peerId, { sequence })).catch(() => {})
  }
  await calm.directory.publish(await signedTestOffer(calm.peerId))
  await untilView(eager, lists(calm))
  const { published } = await relay.health()
  expect(published).toBeLessThan(60)
})

test('the reservation of a tab that has left is given up', async () => {
  const relay = await openRelay()
  const node = await joinNode(['/p2p-circuit'])
  await node.dial(multiaddr(relay.multiaddrs[0]))
  await vi.waitFor(async () => expect(await relay.health()).toMatchObject({ reservations: 1 }), 10_000)
  await node.stop()
  await vi.waitFor(
    async () => expect(await relay.health()).toMatchObject({ reservations: 0, peers: 0 }),
    10_000,
  )
})

test('more than fifteen tabs get a reservation', async () => {
  const relay = await openRelay()
  for (let tab = 0; tab < 20; tab++) {
    const node = await joinNode(['/p2p-circuit'])
    await node.dial(multiaddr(relay.multiaddrs[0]))
  }
  await vi.waitFor(async () => expect(await relay.health()).toMatchObject({ reservations: 20 }), 20_000)
})

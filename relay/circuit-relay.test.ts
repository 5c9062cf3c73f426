import { afterEach, expect, test } from 'vitest'
import { generatePeerKey, parsePeerKey } from '../src/transport/peer-identity.ts'
import { startWireNode } from '../tests/fixtures/wire-node.ts'
import { createCircuitRelay } from './circuit-relay.ts'

const leaving: (() => unknown)[] = []

afterEach(async () => {
  for (const leave of leaving.splice(0).reverse()) await leave()
})

async function startCircuitRelay() {
  const privateKey = parsePeerKey(await generatePeerKey())
  const relay = await createCircuitRelay({
    privateKey,
    host: '127.0.0.1',
    port: 0,
    announce: [],
    maxTabs: 10,
  })
  await relay.start()
  leaving.push(() => relay.stop())
  return relay
}

async function joinRelay(relay: Awaited<ReturnType<typeof startCircuitRelay>>) {
  const node = await startWireNode()
  leaving.push(() => node.stop())
  await node.dial(relay.getMultiaddrs())
  return node
}

test('who has left is forgotten, and who is here is not', async () => {
  const relay = await startCircuitRelay()
  const known = async () => (await relay.peerStore.all()).map(({ id }) => id.toString()).sort()
  const [leaver, stayer] = [await joinRelay(relay), await joinRelay(relay)]
  await expect.poll(known).toEqual([leaver.peerId.toString(), stayer.peerId.toString()].sort())
  await leaver.stop()
  await expect.poll(known).toEqual([stayer.peerId.toString()])
  // What a peer said just before it left may be taken in after that.
  await relay.peerStore.merge(leaver.peerId, { protocols: ['/late/1.0.0'] })
  await expect.poll(known).toEqual([stayer.peerId.toString()])
})

import { expect, test } from 'vitest'
import { createMemoryNetwork } from '../../src/transport/memory-network.ts'
import { signedTestOffer } from '../fixtures/offer.ts'
import { directoryCases, type DirectorySubject } from './directory.ts'

function memorySubject(): DirectorySubject {
  const network = createMemoryNetwork()
  return {
    async join() {
      const { peerId, transport, directory } = network.join()
      await transport.start()
      return { peerId, directory, leave: () => network.kill(peerId) }
    },
    offer: ({ peerId }, sequence, lifetimeSeconds = 60) =>
      signedTestOffer(peerId, {
        sequence,
        expiresAtSeconds: Math.floor(Date.now() / 1000) + lifetimeSeconds,
      }),
  }
}

test.each(directoryCases)('$name', ({ run }) => run(memorySubject()))

test('without a relay nothing is published and nothing new is dialled; links that exist live on', async () => {
  const network = createMemoryNetwork()
  const [near, far] = [network.join(), network.join()]
  await Promise.all([near.transport.start(), far.transport.start()])
  const protocol = { id: '/opentab-test/1.0.0', maxFrameBytes: 16 }
  far.transport.handle(protocol, async () => {})
  await near.transport.open(far.peerId, protocol)
  network.dropRelay()
  await expect(near.transport.open(far.peerId, protocol)).resolves.toBeDefined()
  await expect(far.transport.open('nobody', protocol)).rejects.toMatchObject({
    code: 'transport/peer-unreachable',
  })
  const offer = await signedTestOffer(far.peerId)
  await expect(far.directory.publish(offer)).rejects.toMatchObject({ code: 'transport/no-relay' })
  expect(near.transport.status()).toEqual({ relays: [], reachable: false })
  network.restoreRelay()
  await far.directory.publish(offer)
  expect((await near.directory.list()).offers).toEqual([offer])
})

test('an offer is dropped when its lifetime is over', async () => {
  let nowMs = 1_000_000
  const network = createMemoryNetwork({ clock: { nowMs: () => nowMs } })
  const { peerId, transport, directory } = network.join()
  await transport.start()
  await directory.publish(await signedTestOffer(peerId, { expiresAtSeconds: 1060 }))
  expect((await directory.list()).offers).toHaveLength(1)
  nowMs = 1_060_000
  expect((await directory.list()).offers).toEqual([])
})

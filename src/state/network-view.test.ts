import { expect, it, vi } from 'vitest'
import { fakeTab, offer } from '../../tests/fixtures/fake-tab.ts'
import { TransportError } from '../errors/index.ts'
import type { DirectoryView } from '../ports/directory.ts'
import type { TransportStatus } from '../ports/transport.ts'
import { NetworkView } from './network-view.svelte.ts'

const network = {
  name: 'Local chain',
  chainId: 31_337,
  rpcUrl: 'http://127.0.0.1:8545',
  token: offer.token,
  settlement: offer.settlement,
  collector: offer.token,
  relays: [],
}

/** A network whose relay and directory a test moves by hand. */
function fakeNetwork(relayCount: number) {
  let tellStatus = (_status: TransportStatus) => {}
  let tellView = (_view: DirectoryView) => {}
  const link = vi.fn(async () => ({
    peerId: 'me',
    status: () => ({ relays: Array.from({ length: relayCount }, () => 'relay'), reachable: true }),
    watchStatus(onChange: (status: TransportStatus) => void) {
      tellStatus = onChange
      return () => {}
    },
  }))
  const tab = fakeTab({
    network: async () => network,
    link,
    offers: async () => ({
      watch(onView) {
        tellView = onView
        return () => {}
      },
    }),
  })
  return {
    view: new NetworkView(tab),
    link,
    tellStatus: (status: TransportStatus) => tellStatus(status),
    tellView: (view: DirectoryView) => tellView(view),
  }
}

it('shows who is there, and follows every change', async () => {
  const { view, tellView } = fakeNetwork(1)
  expect(view.state).toBe('connecting')
  await view.join()
  expect(view.state).toBe('online')
  expect(view.local).toBe(true)
  tellView({ offers: [{ offer, signature: '0x' }], peers: 3 })
  expect(view.tabs).toBe(3)
  expect(view.modelIds).toEqual([offer.modelId])
})

it('tells whether others offer a model, this tab alone, or nobody', async () => {
  const { view, tellView } = fakeNetwork(1)
  await view.join()
  const own = { offer: { ...offer, peerId: 'me' }, signature: '0x' } as const
  expect(view.offeredBy(offer.modelId)).toBe('nobody')
  tellView({ offers: [own], peers: 1 })
  expect(view.offeredBy(offer.modelId)).toBe('this-tab')
  tellView({ offers: [own, { offer, signature: '0x' }], peers: 2 })
  expect(view.offeredBy(offer.modelId)).toBe('others')
})

it('names each relay that passes payments on once, the cheapest first', async () => {
  const { view, tellView } = fakeNetwork(1)
  await view.join()
  const dear = { account: '0x01', peerId: 'a', spreadMillionths: 50_000 } as const
  const cheap = { account: '0x02', peerId: 'b', spreadMillionths: 20_000 } as const
  const offers = [[dear], [dear, cheap], []].map((hubs, tab) => ({
    offer: { ...offer, peerId: `tab-${tab}`, hubs },
    signature: '0x' as const,
  }))
  tellView({ offers, peers: 3 })
  expect(view.hubs).toEqual([cheap, dear])
})

it('goes on trying while the network cannot be read', async () => {
  vi.useFakeTimers()
  const { view, link } = fakeNetwork(1)
  link.mockRejectedValueOnce(new TransportError('transport/no-relay', 'No relay is configured.'))
  const joining = view.join()
  await vi.advanceTimersByTimeAsync(0)
  expect(view.state).toBe('unreachable')
  await vi.advanceTimersByTimeAsync(3_000)
  await joining
  expect(view.state).toBe('online')
  expect(view.failure).toBeNull()
  vi.useRealTimers()
})

it('calls a relay unreachable only once it is overdue, and notices when it comes', async () => {
  vi.useFakeTimers()
  const { view, tellStatus } = fakeNetwork(0)
  await view.join()
  expect(view.state).toBe('connecting')
  await vi.advanceTimersByTimeAsync(6_000)
  expect(view.state).toBe('unreachable')
  tellStatus({ relays: ['relay'], reachable: true })
  expect(view.state).toBe('online')
  vi.useRealTimers()
})

import { beforeEach, expect, test } from 'vitest'
import { accounts, network } from '../../../tests/fixtures/jobs.ts'
import { testOffer } from '../../../tests/fixtures/offer.ts'
import { createMemoryChain } from '../../chain/memory-chain.ts'
import { ManualClock } from '../../device/manual-clock.ts'
import { createSeededRandom } from '../../device/seeded-random.ts'
import type { Hub } from '../../domain/hub.ts'
import type { Offer } from '../../domain/offer.ts'
import { sessionSeconds } from '../../domain/session.ts'
import type { Chain } from '../../ports/index.ts'
import { MemoryDocumentStore } from '../../storage/memory-document-store.ts'
import { MemoryVoucherStore } from '../../storage/memory-voucher-store.ts'
import type { KnownHubs } from '../hub/known-hubs.ts'
import { type RouteDeps, routeOffers } from './choose-route.ts'
import { fundChannel } from './fund-channel.ts'

const [wallet, session, provider] = accounts
const hub: Hub = { account: `0x${'0b'.repeat(20)}`, peerId: 'relay', spreadMillionths: 20_000 }
const price = { promptMicroUsdPerMillion: 1_000_000n, completionMicroUsdPerMillion: 1_000_000n }

let clock: ManualClock
let chain: Chain
let deps: RouteDeps

/** A tab that knows one hub. */
beforeEach(() => {
  clock = new ManualClock(1_800_000_000_000)
  chain = createMemoryChain(network, clock)
  const hubs: Partial<KnownHubs> = { cheapestFor: async (offer) => offer.hubs[0] ?? null }
  const random = createSeededRandom(1)
  const stores = { vouchers: new MemoryVoucherStore(), hubs: hubs as KnownHubs }
  deps = { chain, wallet, session, random, clock, ...stores }
})

const offer = (peerId: string, change: Partial<Offer> = {}) => ({
  offer: testOffer(peerId, { provider: provider.address, price, ...change }),
  signature: '0x' as const,
})

const routed = async (offers: ReturnType<typeof offer>[], needed = 100n) =>
  (await routeOffers(offers, 'chat', () => needed, deps)).map(({ offer: { peerId }, hub: through }) => [
    peerId,
    through?.peerId ?? null,
  ])

async function openDirect(): Promise<void> {
  const funding = fundChannel(provider.address, 100n, { ...deps, documents: new MemoryDocumentStore() })
  while (!(await funding.next()).done);
}

test('without a channel, the hub pays; without a hub, a new channel', async () => {
  expect(await routed([offer('a', { hubs: [hub] })])).toEqual([['a', 'relay']])
  expect(await routed([offer('a')])).toEqual([['a', null]])
})

test('an offer that pays a royalty is paid through a hub, or not at all', async () => {
  const listingId = `0x${'55'.repeat(32)}` as const
  await openDirect()
  expect(await routed([offer('a', { hubs: [hub], listingId })])).toEqual([['a', 'relay']])
  expect(await routed([offer('a', { listingId })])).toEqual([])
})

test('a direct channel that covers the answer is used before any hub', async () => {
  await openDirect()
  expect(await routed([offer('a', { hubs: [hub] })])).toEqual([['a', null]])
  expect(await routed([offer('a', { hubs: [hub] })], 2_000_000n)).toEqual([['a', 'relay']])
})

test('a channel whose session key ends within the hour is not used any more', async () => {
  await openDirect()
  await clock.advance((sessionSeconds - 3_601) * 1000)
  expect(await routed([offer('a', { hubs: [hub] })])).toEqual([['a', null]])
  await clock.advance(2_000)
  expect(await routed([offer('a', { hubs: [hub] })])).toEqual([['a', 'relay']])
})

test('the spread counts: at the same price, who needs no hub is first', async () => {
  expect(await routed([offer('hub', { hubs: [hub] }), offer('none')])).toEqual([
    ['none', null],
    ['hub', 'relay'],
  ])
})

test.each([0n, 1n, 4n])(
  'a wallet with %s wei takes offers that need a channel of its own last',
  async (held) => {
    const poor = { gasBalance: async () => held, gasCost: async () => 5n }
    deps = { ...deps, chain: Object.assign(chain, { ...poor, network: { ...network, chainId: 8453 } }) }
    expect(await routed([offer('none'), offer('hub', { hubs: [hub] })])).toEqual([
      ['hub', 'relay'],
      ['none', null],
    ])
  },
)

test('an answer that costs nothing needs no hub', async () => {
  expect(await routed([offer('a', { hubs: [hub] })], 0n)).toEqual([['a', null]])
})

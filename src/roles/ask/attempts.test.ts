import { beforeEach, describe, expect, test } from 'vitest'
import { accounts, network } from '../../../tests/fixtures/jobs.ts'
import { testOffer } from '../../../tests/fixtures/offer.ts'
import { withOwn } from '../../../tests/fixtures/hub-market.ts'
import { createMemoryChain } from '../../chain/memory-chain.ts'
import { systemClock } from '../../device/system-clock.ts'
import { createSeededRandom } from '../../device/seeded-random.ts'
import type { Hub } from '../../domain/hub.ts'
import { type BaseError, HubError, MarketError } from '../../errors/index.ts'
import { MemoryVoucherStore } from '../../storage/memory-voucher-store.ts'
import type { RoutedOffer } from '../fund/choose-route.ts'
import { Attempts, type AttemptsDeps } from './attempts.ts'

const [wallet, session] = accounts
const never = new AbortController().signal
const hubAt = (peerId: string): Hub => ({ account: `0x${'0b'.repeat(20)}`, peerId, spreadMillionths: 20_000 })
const through = (hub: string | null, peerId: string): RoutedOffer => ({
  offer: testOffer(peerId),
  signature: '0x',
  lacksHub: false,
  hub: hub === null ? null : hubAt(hub),
})

/** The wallet's gas, on a public chain, where nobody gives it any. */
let gasWei: bigint
const chain = withOwn(createMemoryChain({ ...network, chainId: 84_532 }, systemClock), {
  gasBalance: async () => gasWei,
  gasCost: async () => 1n,
})

beforeEach(() => {
  gasWei = 0n
})

function attempts(offers: RoutedOffer[], listed = offers): Attempts {
  const clock = { nowMs: () => 0, sleep: async () => {} }
  const hubs: Partial<AttemptsDeps['hubs']> = { forget: () => {} }
  const stores = {
    vouchers: new MemoryVoucherStore(),
    hubs: hubs as AttemptsDeps['hubs'],
    random: createSeededRandom(1),
  }
  return new Attempts(offers, async () => listed, { chain, wallet, session, clock, ...stores })
}

/** Fails each attempt as it is told, and returns what was tried. */
async function tried(queue: Attempts, errors: Record<string, BaseError>): Promise<string[]> {
  const names: string[] = []
  for (let entry = await queue.next(never); entry; entry = await queue.next(never)) {
    const { peerId } = entry.offer
    names.push(entry.hub ? `${peerId} through ${entry.hub.peerId}` : peerId)
    const error = errors[peerId] ?? new MarketError('market/provider-full', 'Full.')
    await queue.failed(entry, error)
  }
  return names
}

const underfunded = new HubError('hub/underfunded', 'More.', { fault: 'peer' })
const away = new HubError('hub/provider-away', 'Away.')

describe('a hub that is not satisfied with a deposit', () => {
  test('is given no other one for the same question, whoever else it would pay', async () => {
    const offers = [through('bad', 'a'), through('bad', 'b'), through(null, 'c'), through('good', 'd')]
    expect(await tried(attempts(offers), { a: underfunded })).toEqual([
      'a through bad',
      'c',
      'd through good',
    ])
  })

  test('is left out also when the offers are listed anew', async () => {
    const offers = [through('bad', 'a'), through('good', 'b')]
    const listed = [through('bad', 'a'), through('bad', 'c'), through(null, 'd')]
    const names = await tried(attempts(offers, listed), { a: underfunded, b: away })
    expect(names).toEqual(['a through bad', 'b through good', 'd'])
  })

  test('is gone round where the wallet has gas', async () => {
    gasWei = 1n
    const names = await tried(attempts([through('bad', 'a'), through('bad', 'b')]), { a: underfunded })
    expect(names).toEqual(['a through bad', 'a'])
  })
})

test('a hub that a provider is away from is tried with the others', async () => {
  const names = await tried(attempts([through('hub', 'a'), through('hub', 'b')], []), { a: away })
  expect(names).toEqual(['a through hub', 'b through hub'])
})

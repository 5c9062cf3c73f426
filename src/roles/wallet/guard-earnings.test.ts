import { describe, expect, test } from 'vitest'
import { channelRecord, voucherOf } from '../../../tests/fixtures/channel.ts'
import { accounts, network } from '../../../tests/fixtures/jobs.ts'
import { ManualClock } from '../../device/manual-clock.ts'
import { type Address, sameAddress } from '../../domain/bytes.ts'
import type { HubTerms } from '../../domain/hub.ts'
import type { Chain } from '../../ports/index.ts'
import { MemoryDocumentStore } from '../../storage/memory-document-store.ts'
import type { HubClient } from '../hub/hub-client.ts'
import { SponsorFees } from '../hub/sponsor-fees.ts'
import { ClaimQuotes } from './claim-through-hub.ts'
import type { EarnedChannel } from './earned-channels.ts'
import { guardEarnings } from './guard-earnings.ts'
import { type FeeLimit, sliceClaims } from './send-claims.ts'

const [hubAccount, otherAccount, wallet, requester] = accounts
const hub: HubTerms = { ...network, account: hubAccount.address, peerId: 'hub', spreadMillionths: 0 }
const otherHub: HubTerms = { ...hub, account: otherAccount.address, peerId: 'other' }
const startMs = 1_800_000_000_000

type Parts = {
  /** What each hub asks; the ones that are left out are not there. */
  asks?: { hub?: bigint; other?: bigint }
  gasWei?: bigint
  isLocked?: () => Promise<boolean>
  claimsByItself?: boolean
}

/** A channel of a million micro-dollars, and how much of it its payer announces to withdraw. */
function earned(digits: string, payer: Address, promised: bigint, announced = 0n): EarnedChannel {
  const record = channelRecord(digits)
  const withdrawal = { amount: announced, initiatedAtSeconds: startMs / 1000 }
  return {
    record: { ...record, config: { ...record.config, payer }, voucher: voucherOf(digits, promised) },
    state: { balance: 1_000_000n, totalClaimed: 0n, withdrawal: announced > 0n ? withdrawal : null },
  }
}

/** Guards these channels of an account on a public network until the test ends it; claims by somebody are written down. */
function guard(channels: EarnedChannel[], parts: Parts = {}) {
  const { asks = {}, gasWei = 0n, isLocked = async () => false, claimsByItself = false } = parts
  const clock = new ManualClock(startMs)
  const now = { asks, channels }
  const claims: { by: string; ids: string[]; mostFee: bigint }[] = []
  const chain = {
    network: { ...network, chainId: 8453 },
    gasBalance: async () => gasWei,
    gasCost: async () => 5n,
  } as unknown as Chain
  const connected = async () => [hub, otherHub].filter(({ peerId }) => peerId in now.asks)
  const hubs = {
    connected,
    byAccount: async (account: Address) =>
      (await connected()).find((one) => sameAddress(one.account, account)) ?? null,
    client: (peerId: string) => {
      const feeMicroUsd = async () => now.asks[peerId as keyof typeof asks]!
      const quote = async () => ({
        feeMicroUsd: await feeMicroUsd(),
        expiresAtSeconds: clock.nowMs() / 1000 + 20,
      })
      return { peerId, quote } as unknown as HubClient
    },
  }
  const fees = new SponsorFees({ chain, wallet, documents: new MemoryDocumentStore(), clock })
  const deps = { chain, wallet, hubs, fees, quotes: new ClaimQuotes(clock), clock }
  const claim = async (some: EarnedChannel[], mostFee: FeeLimit) => {
    for (const slice of await sliceClaims(some, deps, mostFee)) {
      const ids = slice.claims.map(({ voucher }) => voucher.channelId.slice(2, 4))
      claims.push({ by: slice.hub?.peerId ?? 'own gas', ids, mostFee: slice.mostFeeMicroUsd })
      const isClaimed = (one: EarnedChannel) => some.includes(one)
      now.channels = now.channels.filter((one) => !isClaimed(one))
    }
  }
  const rules = { isLocked, claimsByItself: async () => claimsByItself }
  const over = new AbortController()
  const guarding = guardEarnings({ ...deps, ...rules, earned: async () => now.channels, claim }, over.signal)
  const end = async () => {
    over.abort()
    await guarding
  }
  return { clock, claims, now, end }
}

const minutes = (n: number) => n * 60_000

describe('a hub that withdraws and names the price of the claim', () => {
  test('gets nothing for an announced micro-dollar that covers no promise', async () => {
    const { clock, claims, end } = guard([earned('a1', hub.account, 50_001n, 1n)], { asks: { hub: 50_000n } })
    await clock.advance(minutes(20))
    expect(claims).toEqual([])
    await end()
  })

  test('gets nothing where its fee is not below what would be lost, however much waits', async () => {
    // Of 50,001 the withdrawal would leave 300 uncovered.
    const channel = earned('a1', hub.account, 50_001n, 950_299n)
    const { clock, claims, end } = guard([channel], { asks: { hub: 300n } })
    await clock.advance(minutes(20))
    expect(claims).toEqual([])
    await end()
  })

  test('is not asked where this account has gas', async () => {
    const channel = earned('a1', hub.account, 50_001n, 1_000_000n)
    const { clock, claims, end } = guard([channel], { asks: { hub: 1n }, gasWei: 5n })
    await clock.advance(0)
    expect(claims).toMatchObject([{ by: 'own gas', ids: ['a1'] }])
    await end()
  })

  test('is not asked where another hub asks less', async () => {
    const channel = earned('a1', hub.account, 50_001n, 1_000_000n)
    const { clock, claims, end } = guard([channel], { asks: { hub: 50_000n, other: 300n } })
    await clock.advance(0)
    expect(claims).toEqual([{ by: 'other', ids: ['a1'], mostFee: 5_000n }])
    await end()
  })

  test('is paid most of it in the last five minutes alone, when nobody else has come', async () => {
    const channel = earned('a1', hub.account, 50_001n, 1_000_000n)
    const { clock, claims, end } = guard([channel], { asks: { hub: 50_000n } })
    await clock.advance(minutes(9.5))
    expect(claims).toEqual([])
    await clock.advance(minutes(1))
    expect(claims).toEqual([{ by: 'hub', ids: ['a1'], mostFee: 50_000n }])
    await end()
  })

  test('is left out when another hub comes while there is time', async () => {
    const channel = earned('a1', hub.account, 50_001n, 1_000_000n)
    const { clock, claims, now, end } = guard([channel], { asks: { hub: 50_000n } })
    await clock.advance(minutes(5))
    now.asks = { ...now.asks, other: 5_000n }
    await clock.advance(minutes(1))
    expect(claims).toEqual([{ by: 'other', ids: ['a1'], mostFee: 5_000n }])
    await end()
  })
})

test('a threatened channel that is not worth its fee keeps nothing else from being claimed', async () => {
  const lost = earned('a1', requester.address, 40n, 1_000_000n)
  const waiting = earned('a2', hub.account, 500_000n)
  const { clock, claims, end } = guard([lost, waiting], { asks: { hub: 300n }, claimsByItself: true })
  await clock.advance(0)
  expect(claims).toEqual([{ by: 'hub', ids: ['a2'], mostFee: 10_000n }])
  await clock.advance(minutes(20))
  expect(claims).toHaveLength(1)
  await end()
})

test('what is claimed because it is threatened is not claimed again as worth its fee', async () => {
  const threatened = earned('a1', hub.account, 500_000n, 1_000_000n)
  const waiting = earned('a2', hub.account, 500_000n)
  const { clock, claims, end } = guard([threatened, waiting], { asks: { hub: 300n }, claimsByItself: true })
  await clock.advance(0)
  expect(claims.map(({ ids }) => ids)).toEqual([['a1'], ['a2']])
  await end()
})

test('a lock that cannot be read counts as locked, and is read again', async () => {
  let reads = 0
  const isLocked = async () => {
    if (++reads === 1) throw new Error('The database is away.')
    return false
  }
  const waiting = earned('a1', hub.account, 500_000n)
  const parts = { asks: { hub: 300n }, isLocked, claimsByItself: true }
  const { clock, claims, end } = guard([waiting], parts)
  await clock.advance(0)
  expect(claims).toEqual([])
  await clock.advance(30_000)
  expect(claims).toMatchObject([{ ids: ['a1'] }])
  await end()
})

test('a locked account is not asked while a fee is too dear, and once when it is not', async () => {
  const channel = earned('a1', hub.account, 50_001n, 1_000_000n)
  const { clock, claims, now, end } = guard([channel], { asks: { hub: 50_000n }, isLocked: async () => true })
  await clock.advance(minutes(9))
  expect(claims).toEqual([])
  await clock.advance(minutes(2))
  expect(claims).toHaveLength(1)
  // Declined: it is still there.
  now.channels = [channel]
  await clock.advance(minutes(10))
  expect(claims).toHaveLength(1)
  await end()
})

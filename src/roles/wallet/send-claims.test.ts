import { describe, expect, test } from 'vitest'
import { channelRecord, voucherOf } from '../../../tests/fixtures/channel.ts'
import { accounts, network } from '../../../tests/fixtures/jobs.ts'
import { ManualClock } from '../../device/manual-clock.ts'
import type { Hex } from '../../domain/bytes.ts'
import type { ChannelClaim } from '../../domain/channel.ts'
import type { HubTerms } from '../../domain/hub.ts'
import { HubError } from '../../errors/index.ts'
import type { Chain } from '../../ports/index.ts'
import { MemoryDocumentStore } from '../../storage/memory-document-store.ts'
import type { HubClient } from '../hub/hub-client.ts'
import { SponsorFees } from '../hub/sponsor-fees.ts'
import { ClaimQuotes } from './claim-through-hub.ts'
import type { EarnedChannel } from './earned-channels.ts'
import { type SendClaimsDeps, sendSlice, sliceClaims } from './send-claims.ts'

const [hubAccount, otherAccount, wallet] = accounts
const hub: HubTerms = { ...network, account: hubAccount.address, peerId: 'hub', spreadMillionths: 0 }
const otherHub: HubTerms = { ...hub, account: otherAccount.address, peerId: 'other' }
const sentByUs = { transaction: '0x01' as const, settledMicroUsd: 10n, skipped: [] }

function earned(
  digits: string,
  promised: bigint,
  state: Partial<EarnedChannel['state']> = {},
): EarnedChannel {
  const record = { ...channelRecord(digits), voucher: voucherOf(digits, promised) }
  return { record, state: { balance: 100n, totalClaimed: 0n, withdrawal: null, ...state } }
}

const digits = (n: number) => n.toString(16).padStart(2, '0')
const claim: ChannelClaim = {
  config: channelRecord('aa').config,
  voucher: voucherOf('aa', 10n),
  totalClaimed: 10n,
}

type Answer = () => Promise<Hex | null>

/** A public network on which this account has so much gas, and hubs that answer as told: one that pays, and another. */
function openParts(parts: {
  gasWei?: bigint
  fee?: bigint
  otherFee?: bigint
  answer?: Answer
  /** What another hub answers; without it, there is none. */
  other?: Answer
}) {
  const { gasWei = 0n, fee = 2n, otherFee = fee, answer = async () => '0x02', other } = parts
  const clock = new ManualClock(1_800_000_000_000)
  let totalClaimed = 0n
  const sent: string[] = []
  const clientOf = (peerId: string) => {
    const client = {
      peerId,
      quote: async () => ({
        feeMicroUsd: peerId === 'hub' ? fee : otherFee,
        expiresAtSeconds: 2_000_000_000,
      }),
      async claim() {
        sent.push(peerId)
        const transaction = await (peerId === 'hub' ? answer : other!)().catch((error: HubError) => {
          // Who falls silent has sent it.
          if (error.code === 'hub/no-answer') totalClaimed = 10n
          throw error
        })
        totalClaimed = 10n
        return { transaction, amountMicroUsd: 10n, skipped: [] }
      },
    } satisfies Partial<HubClient>
    return client as unknown as HubClient
  }
  const chain = {
    network: { ...network, chainId: 8453 },
    channel: async () => ({ balance: 100n, totalClaimed, withdrawal: null }),
    gasBalance: async () => gasWei,
    gasCost: async () => 5n,
    claim: async () => sentByUs,
    authorizeClaim: async (claims: ChannelClaim[]) => ({ claims, signature: '0x' as const }),
    authorizeTransfer: async () => ({ nonce: '0x07', validBeforeSeconds: 2_000_000_000 }),
    authorizationState: async () => 'open',
  } as unknown as Chain
  const hubs = {
    byAccount: async () => hub,
    connected: async () => (other ? [hub, otherHub] : [hub]),
    client: clientOf,
  }
  const fees = new SponsorFees({ chain, wallet, documents: new MemoryDocumentStore(), clock })
  const deps: SendClaimsDeps = { chain, wallet, fees, hubs, clock, quotes: new ClaimQuotes(clock) }
  const send = (via: HubTerms | null, untilMs: number | null = null, mostFeeMicroUsd = 10n) =>
    sendSlice({ claims: [claim], hub: via, untilMs, mostFeeMicroUsd }, deps)
  const slice = (channels: EarnedChannel[], paying: HubTerms | null) =>
    sliceClaims(channels, { ...deps, hubs: { ...hubs, byAccount: async () => paying } })
  return { send, slice, sent }
}

describe('what is claimed', () => {
  test('is what is promised, deposited and not claimed yet', async () => {
    const channels = [
      earned('a1', 30n),
      earned('a2', 130n),
      earned('a3', 30n, { totalClaimed: 30n }),
      earned('a4', 130n, { totalClaimed: 100n }),
      earned('a5', 30n, { balance: 0n }),
    ]
    const [slice] = await openParts({ gasWei: 5n }).slice(channels, null)
    expect(slice).toMatchObject({ hub: null, untilMs: null })
    expect(slice?.claims.map(({ totalClaimed }) => totalClaimed)).toEqual([30n, 100n])
  })

  test('goes by the hub that pays, a hundred channels at a time', async () => {
    const channels = Array.from({ length: 250 }, (_, n) => earned(digits(n), 10n))
    const { slice } = openParts({})
    const slices = await slice(channels, hub)
    expect(slices.map(({ claims }) => claims.length)).toEqual([100, 100, 50])
    expect(slices.every((one) => one.hub === hub)).toBe(true)
    expect(await slice([], hub)).toEqual([])
  })

  test('goes by another hub where none pays and this account has no gas', async () => {
    const [slice] = await openParts({ gasWei: 4n }).slice([earned('a1', 30n)], null)
    expect(slice?.hub).toBe(hub)
  })

  test('knows when the first of its payers takes its money back', async () => {
    const since = (initiatedAtSeconds: number, amount = 100n) => ({
      withdrawal: { amount, initiatedAtSeconds },
    })
    const channels = [earned('a1', 30n, since(2_000)), earned('a2', 30n, since(1_000)), earned('a3', 30n)]
    const [slice] = await openParts({}).slice(channels, hub)
    expect(slice?.untilMs).toBe(1_900_000)
    const done = earned('a4', 30n, { ...since(500), totalClaimed: 30n })
    const unpromised = earned('a5', 30n, since(500, 70n))
    const safe = [done, unpromised, earned('a3', 30n)]
    expect(await openParts({}).slice(safe, hub)).toMatchObject([{ hub, untilMs: null }])
  })

  test('goes by own gas, or by the hub that asks least, where its payer takes back what covers it', async () => {
    const withdrawal = { amount: 71n, initiatedAtSeconds: 1_000 }
    const channels = [earned('a1', 30n, { withdrawal })]
    const other = async (): Promise<Hex> => '0x03'
    const rich = openParts({ gasWei: 5n, fee: 1n, other })
    expect(await rich.slice(channels, hub)).toMatchObject([{ hub: null, untilMs: 1_900_000 }])
    const poor = openParts({ fee: 3n, otherFee: 2n, other })
    expect(await poor.slice(channels, hub)).toMatchObject([{ hub: otherHub }])
    expect(await openParts({ fee: 3n, otherFee: 4n, other }).slice(channels, hub)).toMatchObject([{ hub }])
    // The paying hub names no price that anybody takes.
    const greedy = openParts({ fee: 50_001n, otherFee: 50_000n, other })
    expect(await greedy.slice(channels, hub)).toMatchObject([{ hub: otherHub }])
  })
})

describe('a claim', () => {
  test('is sent by the hub for its fee', async () => {
    const { send } = openParts({})
    expect(await send(hub)).toEqual({
      transaction: '0x02',
      settledMicroUsd: 10n,
      skipped: [],
      feeMicroUsd: 2n,
    })
  })

  test('of channels that no hub pays through takes gas, and says so where there is none', async () => {
    expect(await openParts({ gasWei: 5n }).send(null)).toEqual({ ...sentByUs, feeMicroUsd: 0n })
    const refused = openParts({ gasWei: 4n }).send(null)
    await expect(refused).rejects.toMatchObject({ code: 'chain/insufficient-funds' })
    await expect(openParts({}).send(null)).rejects.toThrow('Nothing is lost')
  })

  test('that the hub refuses is sent by this account, where it has gas', async () => {
    const answer = () => Promise.reject(new HubError('hub/out-of-gas', 'No gas.'))
    expect(await openParts({ answer, gasWei: 5n }).send(hub)).toEqual({ ...sentByUs, feeMicroUsd: 0n })
    await expect(openParts({ answer }).send(hub)).rejects.toMatchObject({
      code: 'hub/out-of-gas',
      shortMessage: 'No gas. Nothing is lost: it can be claimed later.',
    })
  })

  test('that its hub refuses is sent by another one, where this account has no gas', async () => {
    const answer = () => Promise.reject(new HubError('hub/busy', 'Not now.'))
    const { send, sent } = openParts({ answer, other: async () => '0x03' })
    expect(await send(hub)).toMatchObject({ transaction: '0x03', feeMicroUsd: 2n })
    expect(sent).toEqual(['hub', 'other'])
    const nobody = openParts({ answer, other: answer })
    await expect(nobody.send(hub)).rejects.toMatchObject({ code: 'hub/busy' })
    expect(nobody.sent).toEqual(['hub', 'other'])
  })

  test('that nobody sends says until when it must be, if its payer takes the money back', async () => {
    const answer = () => Promise.reject(new HubError('hub/busy', 'Not now.'))
    const untilMs = 1_800_000_000_000 + 14.5 * 60_000
    const words = 'that must be claimed within 14 minutes, or it is lost.'
    const refused = openParts({ answer }).send(hub, untilMs)
    await expect(refused).rejects.toMatchObject({
      code: 'hub/busy',
      shortMessage: expect.stringContaining(words),
    })
    await expect(openParts({}).send(null, untilMs)).rejects.toThrow(words)
  })

  test.each([10n, 11n])('that costs %s of ten is not signed', async (fee) => {
    const { send, sent } = openParts({ fee })
    await expect(send(hub)).rejects.toMatchObject({ code: 'hub/fee-too-high', retryable: true })
    expect(sent).toEqual([])
  })

  test('that costs more than is allowed is sent by nobody, also where the first hub refuses', async () => {
    const answer = () => Promise.reject(new HubError('hub/busy', 'Not now.'))
    const { send, sent } = openParts({ answer, fee: 2n, otherFee: 3n, other: async () => '0x03' })
    await expect(send(hub, null, 2n)).rejects.toMatchObject({ code: 'hub/busy' })
    await expect(send(hub, null, 1n)).rejects.toMatchObject({ code: 'hub/fee-too-high' })
    expect(sent).toEqual(['hub'])
    expect(await send(hub, null, 3n)).toMatchObject({ transaction: '0x03', feeMicroUsd: 3n })
  })

  test('whose answer was lost counts when the chain shows it', async () => {
    const answer = () => Promise.reject(new HubError('hub/no-answer', 'Silent.'))
    expect(await openParts({ answer }).send(hub)).toMatchObject({ transaction: null, settledMicroUsd: 10n })
  })
})

test('a quote that was shown counts until it ends', async () => {
  const clock = new ManualClock()
  let fee = 0n
  const quote = async () => ({ feeMicroUsd: ++fee, expiresAtSeconds: Math.floor(clock.nowMs() / 1000) + 120 })
  const quotes = new ClaimQuotes(clock)
  const client = { peerId: 'hub', quote } as unknown as HubClient
  expect([await quotes.fee(client, 1), await quotes.fee(client, 1)]).toEqual([1n, 1n])
  expect(await quotes.fee(client, 2)).toBe(2n)
  await clock.advance(115_000)
  expect(await quotes.fee(client, 1)).toBe(3n)
})

import { describe, expect, test } from 'vitest'
import { channelRecord, voucherOf } from '../../tests/fixtures/channel.ts'
import { accounts, network } from '../../tests/fixtures/jobs.ts'
import { ManualClock } from '../device/manual-clock.ts'
import type { Hex } from '../domain/bytes.ts'
import type { ChannelClaim } from '../domain/channel.ts'
import type { HubTerms } from '../domain/hub.ts'
import { HubError } from '../errors/index.ts'
import type { Chain } from '../ports/index.ts'
import type { EarnedChannel } from './earned-channels.ts'
import { ClaimQuotes } from './hub/claim-through-hub.ts'
import type { HubClient } from './hub/hub-client.ts'
import { type SendClaimsDeps, sendSlice, sliceClaims } from './send-claims.ts'

const [hubAccount, , wallet] = accounts
const hub: HubTerms = { ...network, account: hubAccount.address, peerId: 'hub', spreadMillionths: 0 }
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

/** A public network on which this account has so much gas, and a hub that answers as told. */
function openParts(parts: {
  gasWei?: bigint
  fee?: bigint
  answer?: () => Promise<Hex | null>
  claimed?: bigint
}) {
  const { gasWei = 0n, fee = 2n, answer = async () => '0x02', claimed = 0n } = parts
  let totalClaimed = claimed
  let sent = 0
  const client = {
    peerId: 'hub',
    quote: async () => ({ feeMicroUsd: fee, expiresAtSeconds: 10_000 }),
    async claim() {
      sent++
      const transaction = await answer().catch((error: HubError) => {
        // Who falls silent has sent it.
        if (error.code === 'hub/no-answer') totalClaimed = 10n
        throw error
      })
      totalClaimed = 10n
      return { transaction, amountMicroUsd: 10n, skipped: [] }
    },
  } satisfies Partial<HubClient>
  const chain = {
    network: { ...network, chainId: 8453 },
    channel: async () => ({ balance: 100n, totalClaimed, withdrawal: null }),
    gasBalance: async () => gasWei,
    gasCost: async () => 5n,
    claim: async () => sentByUs,
    authorizeClaim: async (claims: ChannelClaim[]) => ({ claims, signature: '0x' as const }),
    authorizeTransfer: async () => ({}),
  } as unknown as Chain
  const hubs = { byAccount: async () => hub, client: () => client as unknown as HubClient }
  const deps: SendClaimsDeps = { chain, wallet, clock: new ManualClock(), hubs }
  const send = (via: HubTerms | null) =>
    sendSlice({ claims: [claim], hub: via }, new ClaimQuotes(deps.clock), deps)
  return { send, sent: () => sent }
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
    const [slice] = await sliceClaims(channels, { hubs: { byAccount: async () => null, client: noClient } })
    expect(slice?.hub).toBeNull()
    expect(slice?.claims.map(({ totalClaimed }) => totalClaimed)).toEqual([30n, 100n])
  })

  test('goes by the hub that pays, a hundred channels at a time', async () => {
    const channels = Array.from({ length: 250 }, (_, n) => earned(digits(n), 10n))
    const byAccount = async () => hub
    const slices = await sliceClaims(channels, { hubs: { byAccount, client: noClient } })
    expect(slices.map(({ claims }) => claims.length)).toEqual([100, 100, 50])
    expect(slices.every((slice) => slice.hub === hub)).toBe(true)
    expect(await sliceClaims([], { hubs: { byAccount, client: noClient } })).toEqual([])
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

  test.each([10n, 11n])('that costs %s of ten is not signed', async (fee) => {
    const { send, sent } = openParts({ fee })
    await expect(send(hub)).rejects.toMatchObject({ code: 'hub/fee-too-high', retryable: true })
    expect(sent()).toBe(0)
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

function noClient(): never {
  throw new Error('Nothing is to be sent.')
}

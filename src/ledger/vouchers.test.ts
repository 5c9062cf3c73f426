import { parseSignature, serializeSignature, toHex } from 'viem'
import { beforeEach, describe, expect, test } from 'vitest'
import { accounts, channelConfig, network } from '../../tests/fixtures/jobs.ts'
import { MemoryVoucherStore } from '../storage/memory-voucher-store.ts'
import type { Hex } from '../domain/bytes.ts'
import type { Voucher } from '../domain/channel.ts'
import type { ChannelRecord } from '../ports/index.ts'
import { channelIdOf } from './channel-id.ts'
import { createPayerChannel } from './payer-channel.ts'
import { createReceiverChannel } from './receiver-channel.ts'
import { signVoucher } from './sign-voucher.ts'
import { verifyVoucher } from './verify-voucher.ts'

const [payer, session] = accounts
const channelId = channelIdOf(channelConfig, network)
const expected = { channelId, payerAuthorizer: session.address }

/** Order of secp256k1: `s` and `order - s` both make a signature that recovers to its signer. */
const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

function twinOf(voucher: Voucher): Voucher {
  const { r, s, yParity } = parseSignature(voucher.signature)
  const twin = { r, s: toHex(order - BigInt(s), { size: 32 }), yParity: 1 - yParity }
  return { ...voucher, signature: serializeSignature(twin) }
}

/** The recovery id as 0 or 1, in place of 27 or 28. */
function shortOf(voucher: Voucher): Voucher {
  const { yParity } = parseSignature(voucher.signature)
  return { ...voucher, signature: `${voucher.signature.slice(0, -2)}0${yParity}` as Hex }
}

function record(side: ChannelRecord['side']): ChannelRecord {
  const { chainId, settlement } = network
  return { channelId, config: channelConfig, chainId, settlement, side, voucher: null, claimedMicroUsd: 0n }
}

describe('a voucher', () => {
  test('is good when the session key signed it for this channel, chain and contract', async () => {
    await verifyVoucher(await signVoucher(channelId, 7n, network, session), expected, network)
  })

  test.each([
    ['another key', async () => signVoucher(channelId, 7n, network, payer), 'ledger/bad-signature'],
    [
      'another chain',
      async () => signVoucher(channelId, 7n, { ...network, chainId: 8453 }, session),
      'ledger/bad-signature',
    ],
    [
      'another contract',
      async () => signVoucher(channelId, 7n, { ...network, settlement: network.token }, session),
      'ledger/bad-signature',
    ],
    [
      'a raised amount',
      async () => ({ ...(await signVoucher(channelId, 7n, network, session)), maxClaimableAmount: 8n }),
      'ledger/bad-signature',
    ],
    [
      'another channel',
      async () => signVoucher(`0x${'99'.repeat(32)}`, 7n, network, session),
      'ledger/voucher-foreign',
    ],
    [
      'a broken signature',
      async () => ({ channelId, maxClaimableAmount: 7n, signature: `0x${'00'.repeat(65)}` as const }),
      'ledger/bad-signature',
    ],
    [
      'the other half of the curve, which the contract refuses',
      async () => twinOf(await signVoucher(channelId, 7n, network, session)),
      'ledger/bad-signature',
    ],
    [
      'a short recovery id, which the contract refuses',
      async () => shortOf(await signVoucher(channelId, 7n, network, session)),
      'ledger/bad-signature',
    ],
  ])('is refused with %s', async (_name, make, code) => {
    await expect(verifyVoucher(await make(), expected, network)).rejects.toMatchObject({ code })
  })
})

const nowSeconds = () => 1_800_000_000

describe('the payer', () => {
  const vouchers = new MemoryVoucherStore()
  const channel = createPayerChannel({
    channelId,
    config: channelConfig,
    network,
    vouchers,
    session,
    limitMicroUsd: 100n,
    nowSeconds,
  })
  beforeEach(() => vouchers.addChannel(record('payer')))

  test('keeps each promise before it is sent, and none past the deposit', async () => {
    const voucher = await channel.promise(40n)
    expect(await vouchers.channel(channelId, 'payer')).toMatchObject({ voucher })
    await expect(channel.promise(101n)).rejects.toMatchObject({ code: 'ledger/over-balance' })
    expect(await channel.promised()).toBe(40n)
  })

  test('that promises nothing more returns the highest promise again', async () => {
    const voucher = await channel.promise(50n)
    expect(await channel.promiseMore(0n)).toEqual(voucher)
    expect(await channel.promiseMore(-1n)).toEqual(voucher)
    expect(await channel.promised()).toBe(50n)
  })

  test('takes over its own forgotten voucher and nobody else’s', async () => {
    await channel.adopt(await signVoucher(channelId, 60n, network, session))
    expect(await channel.promised()).toBe(60n)
    await expect(channel.adopt(await signVoucher(channelId, 90n, network, payer))).rejects.toMatchObject({
      code: 'ledger/bad-signature',
    })
    expect(await channel.promised()).toBe(60n)
  })
})

describe('the receiver', () => {
  test('counts a voucher for one answer alone, also when two tabs are given it', async () => {
    const vouchers = new MemoryVoucherStore()
    await vouchers.addChannel(record('receiver'))
    const limits = { limitMicroUsd: 50n, baselineMicroUsd: 0n }
    const open = () =>
      createReceiverChannel({ channelId, config: channelConfig, network, vouchers, nowSeconds, ...limits })
    const tabs = [open(), open()]
    const paid = () => tabs.reduce((sum, tab) => sum + tab.paidMicroUsd(), 0n)
    const voucher = await signVoucher(channelId, 20n, network, session)
    await Promise.all(tabs.map((tab) => tab.accept(voucher)))
    expect(paid()).toBe(20n)
    await tabs[0]!.accept(await signVoucher(channelId, 25n, network, session))
    await tabs[1]!.accept(await signVoucher(channelId, 30n, network, session))
    expect(paid()).toBe(30n)
  })

  test('counts what this job was paid, on top of what it held', async () => {
    const vouchers = new MemoryVoucherStore()
    await vouchers.addChannel(record('receiver'))
    await vouchers.raiseVoucher('receiver', await signVoucher(channelId, 10n, network, session))
    const options = {
      channelId,
      config: channelConfig,
      network,
      vouchers,
      limitMicroUsd: 50n,
      baselineMicroUsd: 10n,
      nowSeconds,
    }
    const channel = createReceiverChannel(options)
    expect(channel.paidMicroUsd()).toBe(0n)
    await channel.accept(await signVoucher(channelId, 30n, network, session))
    expect(channel.paidMicroUsd()).toBe(20n)
    for (const [amount, code] of [
      [29n, 'ledger/voucher-replayed'],
      [51n, 'ledger/over-balance'],
    ] as const) {
      await expect(
        channel.accept(await signVoucher(channelId, amount, network, session)),
      ).rejects.toMatchObject({
        code,
      })
    }
    await expect(channel.accept(await signVoucher(channelId, 40n, network, payer))).rejects.toMatchObject({
      code: 'ledger/bad-signature',
    })
    expect(channel.paidMicroUsd()).toBe(20n)
    expect((await vouchers.channel(channelId, 'receiver'))?.voucher?.maxClaimableAmount).toBe(30n)
  })
})

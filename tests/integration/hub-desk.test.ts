import { beforeEach, describe, expect, test } from 'vitest'
import { signClaims } from '../../src/chain/authorize-claim.ts'
import type { ClaimAuthorization } from '../../src/domain/authorization.ts'
import type { Hex } from '../../src/domain/bytes.ts'
import { HubError, StorageError } from '../../src/errors/index.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import { encodeFrame } from '../../src/protocol/frame-codec.ts'
import { limits } from '../../src/protocol/limits.ts'
import { hubDeskProtocol } from '../../src/protocol/protocols.ts'
import { memoryRelay } from '../../src/transport/memory-transport.ts'
import { account } from '../fixtures/hub.ts'
import { network } from '../fixtures/jobs.ts'
import { type Desk, depositMicroUsd, feeMicroUsd, openDesk } from '../fixtures/hub-desk.ts'

let desk: Desk

beforeEach(async () => {
  desk = await openDesk()
})

describe('questions', () => {
  test('the terms are signed by the account that they name', async () => {
    expect(await desk.client.terms()).toEqual({
      account: desk.world.hubAccount.address,
      peerId: memoryRelay,
      spreadMillionths: desk.world.policy.spreadMillionths,
      chainId: network.chainId,
      settlement: network.settlement,
      token: network.token,
    })
  })

  test('a quote is the gas in dollars with a margin, for two minutes', async () => {
    const expiresAtSeconds = desk.world.clock.nowMs() / 1000 + 120
    expect(await desk.client.quote('deposit')).toEqual({ feeMicroUsd, expiresAtSeconds })
  })

  test('who asks far too much is refused, and others are not', async () => {
    for (let at = 0; at < 20; at++) await desk.client.quote('deposit')
    await expect(desk.client.quote('deposit')).rejects.toMatchObject({ code: 'hub/busy' })
    expect(desk.hub.events).toContain('hub-desk-refused')
    const other = await desk.world.joinRequester(0n)
    const calm = desk.clientOf(other)
    expect(await calm.quote('deposit')).toMatchObject({ feeMicroUsd })
  })

  test('what is no question ends its stream', async () => {
    const stream = await desk.requester.transport.open(memoryRelay, hubDeskProtocol)
    await stream.write(encodeFrame({ type: 'quote', action: 'steal', channels: 1 }))
    await expect(stream.read()).rejects.toMatchObject({ code: 'transport/stream-reset' })
  })
})

test('of its disk the hub tells nobody', async () => {
  desk.hub.store.hasFeeFor = () => Promise.reject(new StorageError('storage/quota', 'The disk is full.'))
  const expected = { code: 'hub/busy', shortMessage: expect.not.stringContaining('disk') }
  await expect(desk.deposit()).rejects.toMatchObject(expected)
})

describe('the hub keeps its gas', () => {
  test('from one peer who sends all the time', async () => {
    for (let at = 0; at < 5; at++) await desk.deposit()
    await expect(desk.deposit()).rejects.toMatchObject({ code: 'hub/busy' })
    expect(await desk.feeTotal()).toBe(5n * feeMicroUsd)
    await desk.world.clock.advance(10_000)
    await desk.deposit()
  })

  test('from many peers at once', async () => {
    const peers = await Promise.all(Array.from({ length: 35 }, () => desk.world.joinRequester(0n)))
    const sent = await Promise.allSettled(
      peers.map(async (peer) => {
        const own = desk.clientOf(peer)
        return own.deposit(
          await desk.authorizeDeposit(depositMicroUsd, peer),
          await peer.promise(feeMicroUsd),
        )
      }),
    )
    const refused = sent.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
    expect(refused).toEqual(Array.from({ length: 5 }, () => 'hub/busy'))
  })

  test('and its turns for what would pass, whatever many peers ask for that would not', async () => {
    const sybils = await Promise.all(Array.from({ length: 20 }, () => desk.world.joinRequester(0n)))
    const codes = await Promise.all(
      sybils.flatMap((peer) => {
        const own = desk.clientOf(peer)
        return Array.from({ length: 6 }, async () => {
          const signed = await desk.authorizeDeposit(depositMicroUsd, peer)
          const forged = { ...signed, amount: signed.amount - 1n }
          const refused: unknown = await own.deposit(forged, await peer.promise(feeMicroUsd)).catch((e) => e)
          return refused instanceof HubError ? refused.code : 'sent'
        })
      }),
    )
    expect(codes.filter((code) => code === 'hub/refused')).toHaveLength(100)
    expect(codes.filter((code) => code === 'hub/busy')).toHaveLength(20)
    await desk.deposit()
    expect(await desk.feeTotal()).toBe(feeMicroUsd)
  })

  test('when there is hardly any left', async () => {
    desk.world.gas.wei = 10n ** 19n
    const fee = (await desk.client.quote('deposit')).feeMicroUsd
    const signed = await desk.authorizeDeposit(2n * fee)
    await expect(desk.client.deposit(signed, await desk.sign(fee))).rejects.toMatchObject({
      code: 'hub/out-of-gas',
    })
  })
})

describe('the chain is asked', () => {
  const liar = account(77)
  let lookedUp: number

  beforeEach(() => {
    const { chain } = desk.world
    const channel = chain.channel.bind(chain)
    lookedUp = 0
    chain.channel = async (channelId) => {
      lookedUp += 1
      return channel(channelId)
    }
  })

  /** Returns a claim of as many channels as one may take in, none of which there is. */
  async function makeUpClaim(): Promise<ClaimAuthorization> {
    const lines = Array.from({ length: limits.channelsPerClaim }, async (_, at) => {
      const salt: Hex = `0x${at.toString(16).padStart(64, '0')}`
      const own = { payer: liar.address, payerAuthorizer: liar.address, receiver: liar.address, salt }
      const config = { ...desk.requester.payer.config, ...own, receiverAuthorizer: liar.address }
      const voucher = await signVoucher(channelIdOf(config, network), 4_000n, network, liar)
      return { config, voucher, totalClaimed: 4_000n }
    })
    return signClaims(await Promise.all(lines), network, liar)
  }

  /** Hands a claim to the desk from many fresh peers, three times each. Returns how each try ended. */
  async function flood(claim: ClaimAuthorization, to = desk.world.hubAccount.address): Promise<string[]> {
    const sybils = await Promise.all(Array.from({ length: 10 }, () => desk.world.joinRequester(0n)))
    return Promise.all(
      sybils.flatMap((peer) =>
        Array.from({ length: 3 }, async () => {
          const fee = await desk.world.chain.authorizeTransfer(to, feeMicroUsd, liar)
          const refused: unknown = await desk
            .clientOf(peer)
            .claim(claim, fee)
            .catch((error) => error)
          return refused instanceof HubError ? refused.code : 'sent'
        }),
      ),
    )
  }

  test('so often for claims of made-up channels, whoever sends them, and then for others again', async () => {
    const codes = await flood(await makeUpClaim())
    expect(codes.filter((code) => code === 'hub/busy')).toHaveLength(27)
    expect(lookedUp).toBe(3 * limits.channelsPerClaim)
    await expect(desk.deposit()).rejects.toMatchObject({ code: 'hub/busy' })
    await desk.world.clock.advance(1_000)
    await desk.deposit()
    expect(await desk.feeTotal()).toBe(feeMicroUsd)
  })

  test('nothing for a claim whose fee goes elsewhere', async () => {
    await flood(await makeUpClaim(), liar.address)
    expect(lookedUp).toBe(0)
  })

  test('for as many tabs as may deposit at once, each with several questions', async () => {
    const tabs = await Promise.all(Array.from({ length: 30 }, () => desk.world.joinRequester(0n)))
    await Promise.all(
      tabs.map(async (tab) => {
        const own = desk.clientOf(tab)
        const signed = await desk.authorizeDeposit(depositMicroUsd, tab)
        const fee = await tab.promise(feeMicroUsd)
        const deposit = () => own.deposit(signed, fee)
        await Promise.all([own.terms(), own.quote('deposit'), own.quote('refund'), deposit(), deposit()])
        await deposit()
      }),
    )
    expect(await desk.feeTotal()).toBe(30n * feeMicroUsd)
  })
})

describe('a transfer', () => {
  const owner = account(88)
  const to = account(99).address

  test('moves money for somebody without gas, and the fee with it', async () => {
    await desk.world.chain.faucet(owner.address, 5_000n)
    const before = await desk.balanceOf(desk.world.hubAccount)
    const transfer = await desk.world.chain.authorizeTransfer(to, 4_900n, owner)
    const fee = await desk.world.chain.authorizeTransfer(desk.world.hubAccount.address, feeMicroUsd, owner)
    const done = await desk.client.transfer(transfer, fee)
    expect(done).toMatchObject({ amountMicroUsd: 4_900n })
    expect(await desk.client.transfer(transfer, fee)).toEqual(done)
    expect(await desk.world.chain.balance(to)).toBe(4_900n)
    expect(await desk.balanceOf(owner)).toBe(0n)
    expect(await desk.balanceOf(desk.world.hubAccount)).toBe(before + feeMicroUsd)
  })

  test('moves nothing when the fee cannot be paid', async () => {
    await desk.world.chain.faucet(owner.address, 5_000n)
    const transfer = await desk.world.chain.authorizeTransfer(to, 5_000n, owner)
    const fee = await desk.world.chain.authorizeTransfer(desk.world.hubAccount.address, feeMicroUsd, owner)
    await expect(desk.client.transfer(transfer, fee)).rejects.toMatchObject({ code: 'hub/refused' })
    expect(await desk.balanceOf(owner)).toBe(5_000n)
  })
})

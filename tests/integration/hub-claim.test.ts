import { beforeEach, describe, expect, test, vi } from 'vitest'
import { signClaims } from '../../src/chain/authorize-claim.ts'
import type { ChannelConfig } from '../../src/domain/channel.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import type { HubClient } from '../../src/roles/hub/hub-client.ts'
import type { HandProvider } from '../fixtures/hub-ends.ts'
import { account } from '../fixtures/hub.ts'
import { network } from '../fixtures/jobs.ts'
import { type Desk, feeMicroUsd, openDesk } from '../fixtures/hub-desk.ts'

let desk: Desk

beforeEach(async () => {
  desk = await openDesk()
})

describe('a claim', () => {
  let provider: HandProvider
  let sender: HubClient

  beforeEach(async () => {
    await desk.deposit()
    provider = await desk.joinProvider()
    sender = desk.clientOf(provider)
    const job = await desk.requester.open({ provider: provider.account.address, ceilingMicroUsd: 10_000n })
    await job.pay(7_777n)
    await job.close()
    await vi.waitUntil(() => provider.voucher?.maxClaimableAmount === 7_777n)
  })

  async function signClaim(fee = feeMicroUsd, to = desk.world.hubAccount.address) {
    const { voucher, channel, account: owner } = provider
    const line = { config: channel!, voucher: voucher!, totalClaimed: voucher!.maxClaimableAmount }
    return {
      claim: await desk.world.chain.authorizeClaim([line], owner),
      fee: await desk.world.chain.authorizeTransfer(to, fee, owner),
    }
  }

  test('reaches the provider without gas, less the fee', async () => {
    const { claim, fee } = await signClaim()
    const before = await desk.balanceOf(desk.world.hubAccount)
    expect(await sender.claim(claim, fee)).toMatchObject({ amountMicroUsd: 7_777n, skipped: [] })
    expect(await desk.balanceOf(provider.account)).toBe(7_777n - feeMicroUsd)
    expect(await desk.balanceOf(desk.world.hubAccount)).toBe(before + feeMicroUsd)
  })

  test('that is sent again is answered alike; a fresh one finds nothing to do', async () => {
    const { claim, fee } = await signClaim()
    const done = await sender.claim(claim, fee)
    expect(await sender.claim(claim, fee)).toEqual(done)
    const { fee: freshFee } = await signClaim()
    expect(await sender.claim(claim, freshFee)).toEqual({
      transaction: null,
      amountMicroUsd: 0n,
      skipped: [],
    })
    expect(await desk.balanceOf(provider.account)).toBe(7_777n - feeMicroUsd)
  })

  test.each([
    ['is too low', () => signClaim(feeMicroUsd - 1n), 'hub/fee-too-low'],
    ['goes elsewhere', () => signClaim(feeMicroUsd, account(77).address), 'hub/request-refused'],
    ['is more than the claim brings', () => signClaim(7_778n), 'hub/request-refused'],
  ])('is refused when its fee %s', async (_name, signed, code) => {
    const { claim, fee } = await signed()
    await expect(sender.claim(claim, fee)).rejects.toMatchObject({ code })
    expect(await desk.balanceOf(provider.account)).toBe(0n)
  })

  test('is refused when its fee ends before it could be mined', async () => {
    const { claim, fee } = await signClaim()
    const ending = { ...fee, validBeforeSeconds: desk.world.clock.nowMs() / 1000 + 10 }
    await expect(sender.claim(claim, ending)).rejects.toMatchObject({ code: 'hub/stale-request' })
  })

  /** Signs a claim on a channel that another hub, which does not answer any more, has filled and promised from. */
  async function signForeignClaim(change: Partial<ChannelConfig> = {}, signer = account(77)) {
    const other = account(77)
    const { chain } = desk.world
    const config = { ...provider.channel!, payer: other.address, payerAuthorizer: other.address, ...change }
    await chain.faucet(other.address, 5_000n)
    if (config.payer === other.address && config.token === chain.network.token) {
      await chain.deposit(config, 5_000n, other)
    }
    const voucher = await signVoucher(channelIdOf(config, network), 4_000n, network, signer)
    const lines = [{ config, voucher, totalClaimed: 4_000n }]
    return {
      claim: await signClaims(lines, network, provider.account),
      fee: await chain.authorizeTransfer(desk.world.hubAccount.address, feeMicroUsd, provider.account),
    }
  }

  test('on another hub’s channel is sent too, for the same fee', async () => {
    const { claim, fee } = await signForeignClaim()
    const before = await desk.balanceOf(desk.world.hubAccount)
    expect(await sender.claim(claim, fee)).toMatchObject({ amountMicroUsd: 4_000n, skipped: [] })
    expect(await desk.balanceOf(provider.account)).toBe(4_000n - feeMicroUsd)
    expect(await desk.balanceOf(desk.world.hubAccount)).toBe(before + feeMicroUsd)
  })

  test.each([
    [
      'that nobody filled',
      () => signForeignClaim({ salt: `0x${'77'.repeat(32)}`, payer: account(78).address }),
    ],
    ['whose payer did not sign', () => signForeignClaim({}, account(79))],
    ['of another token', () => signForeignClaim({ token: account(80).address })],
  ])('on another hub’s channel %s costs the hub nothing', async (_name, signed) => {
    const { claim, fee } = await signed()
    const before = await desk.balanceOf(desk.world.hubAccount)
    await expect(sender.claim(claim, fee)).rejects.toMatchObject({ code: 'hub/refused' })
    expect(await desk.balanceOf(desk.world.hubAccount)).toBe(before)
    expect(await desk.balanceOf(provider.account)).toBe(0n)
  })

  test('whose fee cannot be collected is not sent', async () => {
    const { claim, fee } = await signForeignClaim()
    await expect(sender.claim(claim, { ...fee, amount: fee.amount + 1n })).rejects.toMatchObject({
      code: 'hub/refused',
    })
    expect(await desk.balanceOf(provider.account)).toBe(0n)
  })
})

import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { HubClient } from '../../src/roles/hub/hub-client.ts'
import type { HandProvider } from '../fixtures/hub-ends.ts'
import { account } from '../fixtures/hub.ts'
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

  test("is refused on somebody else's channel", async () => {
    const { claim, fee } = await signClaim()
    const [line] = claim.claims
    const config = { ...line!.config, payer: account(77).address }
    await expect(sender.claim({ ...claim, claims: [{ ...line!, config }] }, fee)).rejects.toMatchObject({
      code: 'hub/refused',
      details: expect.stringContaining('ledger/bad-channel'),
    })
  })
})

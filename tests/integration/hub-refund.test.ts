import { beforeEach, describe, expect, test } from 'vitest'
import { signRefundRequest } from '../../src/ledger/sign-hub.ts'
import { ChainError } from '../../src/errors/index.ts'
import { account } from '../fixtures/hub.ts'
import { network } from '../fixtures/jobs.ts'
import { type Desk, depositMicroUsd, feeMicroUsd, openDesk } from '../fixtures/hub-desk.ts'

let desk: Desk

beforeEach(async () => {
  desk = await openDesk()
})

describe('a refund', () => {
  beforeEach(() => desk.deposit())

  test('gives back at once all that is not owed', async () => {
    const provider = await desk.joinProvider()
    const job = await desk.requester.open({ provider: provider.account.address, ceilingMicroUsd: 10_000n })
    await job.pay(7_777n)
    await job.close()
    await expect.poll(async () => (await desk.hub.figures()).jobsOpen).toBe(0)
    const owed = 7_777n + 155n + 2n * feeMicroUsd
    const { wallet } = desk.requester.payer
    expect(await desk.client.refund(await desk.signRefund())).toMatchObject({
      amountMicroUsd: depositMicroUsd - owed,
    })
    expect(await desk.balanceOf(wallet)).toBe(depositMicroUsd - owed)
    expect(await desk.world.chain.channel(desk.requester.channelId)).toMatchObject({
      balance: owed,
      totalClaimed: owed,
    })
    expect(await desk.feeTotal()).toBe(2n * feeMicroUsd)
    expect(await desk.hub.figures()).toMatchObject({ unclaimedMicroUsd: 0n })
  })

  test('does not take what was promised and never earned', async () => {
    const refund = await desk.signRefund({ promised: 50_000n })
    expect(await desk.client.refund(refund)).toMatchObject({
      amountMicroUsd: depositMicroUsd - 2n * feeMicroUsd,
    })
  })

  test('that is sent again is answered alike', async () => {
    const refund = await desk.signRefund()
    const done = await desk.client.refund(refund)
    expect(await desk.client.refund(refund)).toEqual(done)
    expect(await desk.feeTotal()).toBe(2n * feeMicroUsd)
  })

  test('leaves the channel as good as new', async () => {
    await desk.client.refund(await desk.signRefund())
    desk.requester.promisedMicroUsd += feeMicroUsd
    await desk.deposit()
    const provider = await desk.joinProvider()
    const job = await desk.requester.open({ provider: provider.account.address, ceilingMicroUsd: 90_000n })
    expect(await job.pay(5_000n)).toEqual({ type: 'paid', chargeMicroUsd: 5_000n })
  })

  test('that would give nothing back is refused', async () => {
    await desk.client.refund(await desk.signRefund())
    desk.requester.promisedMicroUsd += feeMicroUsd
    const { wallet, config } = desk.requester.payer
    await desk.world.chain.faucet(wallet.address, feeMicroUsd)
    await desk.world.chain.deposit(config, feeMicroUsd, wallet)
    await desk.world.clock.advance(1_000)
    await expect(desk.client.refund(await desk.signRefund())).rejects.toMatchObject({
      code: 'hub/request-refused',
    })
    expect(await desk.hub.store.refunds()).toEqual([])
  })

  test('waits until no job is open', async () => {
    const provider = await desk.joinProvider()
    const job = await desk.requester.open({ provider: provider.account.address, ceilingMicroUsd: 10_000n })
    await expect(desk.client.refund(await desk.signRefund())).rejects.toMatchObject({
      code: 'hub/job-refused',
    })
    await job.close()
    await expect.poll(async () => (await desk.hub.figures()).jobsOpen).toBe(0)
    expect(await desk.client.refund(await desk.signRefund())).toMatchObject({
      amountMicroUsd: depositMicroUsd - 2n * feeMicroUsd,
    })
  })

  test('lets no job open meanwhile, and jobs again after a refusal', async () => {
    const provider = await desk.joinProvider()
    const [sending, broken] = [Promise.withResolvers<void>(), Promise.withResolvers<never>()]
    desk.world.chain.refund = () => {
      sending.resolve()
      return broken.promise
    }
    const refunding = desk.client.refund(await desk.signRefund())
    await sending.promise
    const order = { provider: provider.account.address, ceilingMicroUsd: 10_000n }
    expect((await desk.requester.open(order)).reply).toMatchObject({ error: { code: 'hub/job-refused' } })
    broken.reject(new ChainError('chain/reverted', 'The contract refused the refund.'))
    await expect(refunding).rejects.toMatchObject({ code: 'hub/refused' })
    expect((await desk.requester.open(order)).reply).toMatchObject({ type: 'opened' })
  })

  test.each([
    ['signed long ago', { ageSeconds: 121 }, 'hub/stale-request'],
    ['signed in the future', { ageSeconds: -121 }, 'hub/stale-request'],
    ['with too low a fee', { fee: feeMicroUsd - 1n }, 'hub/fee-too-low'],
    ['whose voucher does not cover its fee', { promised: 2n * feeMicroUsd - 1n }, 'hub/fee-too-low'],
  ])('%s is refused', async (_name, change, code) => {
    await expect(desk.client.refund(await desk.signRefund(change))).rejects.toMatchObject({ code })
    expect(await desk.world.chain.channel(desk.requester.channelId)).toMatchObject({
      balance: depositMicroUsd,
    })
  })

  test('signed by somebody else is refused', async () => {
    const refund = await desk.signRefund()
    const request = {
      channelId: desk.requester.channelId,
      feeMicroUsd,
      signedAtSeconds: refund.signedAtSeconds,
    }
    const signature = await signRefundRequest(request, network, account(77))
    await expect(desk.client.refund({ ...refund, signature })).rejects.toMatchObject({ code: 'hub/refused' })
  })
})

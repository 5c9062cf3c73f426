import { beforeEach, describe, expect, test } from 'vitest'
import { sessionSalt } from '../../src/domain/session.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import { account } from '../fixtures/hub.ts'
import { network } from '../fixtures/jobs.ts'
import { type Desk, costWei, depositMicroUsd, feeMicroUsd, openDesk } from '../fixtures/hub-desk.ts'

let desk: Desk

beforeEach(async () => {
  desk = await openDesk()
})

describe('a deposit', () => {
  test('needs no gas of its payer, and pays its fee out of the channel', async () => {
    const { wallet } = desk.requester.payer
    const signed = await desk.authorizeDeposit()
    const voucher = await desk.requester.promise(feeMicroUsd)
    const done = await desk.client.deposit(signed, voucher)
    expect(done).toMatchObject({ amountMicroUsd: depositMicroUsd, skipped: [] })
    expect(done.transaction).toMatch(/^0x[0-9a-f]{64}$/)
    expect(await desk.balanceOf(wallet)).toBe(0n)
    expect(await desk.world.chain.channel(desk.requester.channelId)).toMatchObject({
      balance: depositMicroUsd,
    })
    expect(await desk.feeTotal()).toBe(feeMicroUsd)
    expect(await desk.hub.store.channel(desk.requester.channelId, 'receiver')).toMatchObject({ voucher })
  })

  test('that is sent again is answered alike and charged once', async () => {
    const signed = await desk.authorizeDeposit()
    const voucher = await desk.requester.promise(feeMicroUsd)
    const [first, again] = await Promise.all([
      desk.client.deposit(signed, voucher),
      desk.client.deposit(signed, voucher),
    ])
    expect(again).toEqual(first)
    expect(await desk.client.deposit(signed, voucher)).toEqual(first)
    expect(await desk.feeTotal()).toBe(feeMicroUsd)
    expect(await desk.world.chain.channel(desk.requester.channelId)).toMatchObject({
      balance: depositMicroUsd,
    })
  })

  test('may be followed by another, and a job finds all of it', async () => {
    await desk.deposit()
    await desk.deposit()
    expect(await desk.feeTotal()).toBe(2n * feeMicroUsd)
    const provider = await desk.joinProvider()
    const job = await desk.requester.open({
      provider: provider.account.address,
      ceilingMicroUsd: depositMicroUsd,
    })
    expect(job.reply).toMatchObject({ type: 'opened', attributedMicroUsd: 2n * feeMicroUsd })
    expect(await job.pay(5_000n)).toEqual({ type: 'paid', chargeMicroUsd: 5_000n })
  })

  test('one voucher does not pay for two', async () => {
    const voucher = await desk.requester.promise(feeMicroUsd)
    const [first, second] = [await desk.authorizeDeposit(), await desk.authorizeDeposit()]
    const both = await Promise.allSettled([
      desk.client.deposit(first, voucher),
      desk.client.deposit(second, voucher),
    ])
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(both[1]).toMatchObject({ reason: { code: 'hub/fee-too-low' } })
    expect(await desk.world.chain.channel(desk.requester.channelId)).toMatchObject({
      balance: depositMicroUsd,
    })
  })

  test('by a signature that its wallet lets pass for every other one too pays for that one alone', async () => {
    const [signed, twin] = [await desk.authorizeDeposit(), await desk.world.joinRequester(0n)]
    const sent: bigint[] = []
    desk.world.chain.submitDeposit = async ({ amount }, _sender, admit) => {
      await admit?.()
      sent.push(amount)
      return signed.config.salt
    }
    await desk.client.deposit(signed, await desk.requester.promise(feeMicroUsd))
    const others = [
      [{ ...signed, config: twin.payer.config }, await desk.sign(0n, twin)],
      [{ ...signed, amount: depositMicroUsd - 1n }, await desk.sign(feeMicroUsd)],
    ] as const
    for (const [other, voucher] of others) {
      await expect(desk.client.deposit(other, voucher)).rejects.toMatchObject({ code: 'hub/fee-too-low' })
    }
    expect(sent).toEqual([depositMicroUsd])
  })

  test('the lowest fee of the last two minutes is enough, a lower one is not', async () => {
    await desk.client.quote('deposit')
    desk.world.gas.wei = 2n * costWei
    const signed = await desk.authorizeDeposit()
    await expect(desk.client.deposit(signed, await desk.sign(feeMicroUsd - 1n))).rejects.toMatchObject({
      code: 'hub/fee-too-low',
      shortMessage: expect.stringContaining('100 micro-dollars'),
    })
    await desk.client.deposit(signed, await desk.sign(feeMicroUsd))
    await desk.world.clock.advance(121_000)
    const late = await desk.authorizeDeposit()
    await expect(desk.client.deposit(late, await desk.sign(2n * feeMicroUsd))).rejects.toMatchObject({
      code: 'hub/fee-too-low',
    })
  })

  test('nothing is charged when the chain refuses it', async () => {
    const signed = await desk.authorizeDeposit()
    const forged = { ...signed, amount: signed.amount + 1n }
    await expect(desk.client.deposit(forged, await desk.sign(feeMicroUsd))).rejects.toMatchObject({
      code: 'hub/refused',
    })
    expect(await desk.feeTotal()).toBe(0n)
    expect(await desk.hub.store.channel(desk.requester.channelId, 'receiver')).toBeNull()
  })

  test('a fee that a job has spent meanwhile is owed with the next one', async () => {
    await desk.deposit()
    const provider = await desk.joinProvider()
    const job = await desk.requester.open({ provider: provider.account.address, ceilingMicroUsd: 10_000n })
    const signed = await desk.authorizeDeposit()
    const voucher = await desk.requester.promise(feeMicroUsd)
    const mined = Promise.withResolvers<void>()
    const submitDeposit = desk.world.chain.submitDeposit.bind(desk.world.chain)
    desk.world.chain.submitDeposit = async (...args) => {
      await mined.promise
      return submitDeposit(...args)
    }
    const depositing = desk.client.deposit(signed, voucher)
    await expect.poll(() => job.send(98n, voucher)).toMatchObject({ type: 'paid' })
    mined.resolve()
    await depositing
    expect(desk.hub.events).toContain('hub-fee-owed')
    desk.world.chain.submitDeposit = submitDeposit
    const next = await desk.authorizeDeposit()
    const owed = 98n + 1n + 3n * feeMicroUsd
    await expect(desk.client.deposit(next, await desk.sign(owed - 1n))).rejects.toMatchObject({
      code: 'hub/fee-too-low',
    })
    await desk.client.deposit(next, await desk.sign(owed))
    expect(await desk.feeTotal()).toBe(3n * feeMicroUsd)
  })

  test('that a reorganisation undid is sent again for the fee that is still owed for it', async () => {
    await desk.deposit()
    const provider = await desk.joinProvider()
    const job = await desk.requester.open({ provider: provider.account.address, ceilingMicroUsd: 10_000n })
    const signed = await desk.authorizeDeposit()
    const voucher = await desk.requester.promise(feeMicroUsd)
    const { chain } = desk.world
    const submitDeposit = chain.submitDeposit.bind(chain)
    let times = 0
    chain.submitDeposit = async (deposit, sender, admit) => {
      times += 1
      if (times > 1) await admit?.()
      else await expect.poll(() => job.send(98n, voucher)).toMatchObject({ type: 'paid' })
      return times > 1 ? signed.config.salt : submitDeposit(deposit, sender, admit)
    }
    await desk.client.deposit(signed, voucher)
    expect(desk.hub.events).toContain('hub-fee-owed')
    chain.authorizationState = async () => 'open'
    await desk.client.deposit(signed, voucher)
    expect(times).toBe(2)
    expect(await desk.feeTotal()).toBe(feeMicroUsd)
    const next = await desk.authorizeDeposit()
    await expect(
      desk.client.deposit(next, await desk.sign(98n + 1n + 3n * feeMicroUsd - 1n)),
    ).rejects.toMatchObject({ code: 'hub/fee-too-low' })
  })

  describe('is refused', () => {
    test.each([
      ['to another receiver', { receiver: account(77).address }, 'ledger/bad-channel'],
      [
        'whose claims somebody else authorises',
        { receiverAuthorizer: account(77).address },
        'ledger/bad-channel',
      ],
      ['in another token', { token: network.settlement }, 'ledger/bad-channel'],
      ['with a notice too short to claim in', { withdrawDelay: 899 }, 'ledger/bad-channel'],
      ['after its session', { salt: sessionSalt(new Uint8Array(23), 1_700_000_000) }, 'hub/session-over'],
    ])('%s', async (_name, change, code) => {
      const other = await desk.world.joinRequester(0n, change)
      const config = { ...other.payer.config }
      const signed = { ...(await desk.authorizeDeposit(depositMicroUsd, desk.requester)), config }
      const refused = desk.client.deposit(signed, await desk.sign(feeMicroUsd, other))
      await expect(refused).rejects.toMatchObject(
        code.startsWith('hub/') ? { code } : { code: 'hub/refused', details: expect.stringContaining(code) },
      )
      expect(desk.hub.events).toContain('hub-desk-refused')
    })

    test('with a voucher of somebody else', async () => {
      const voucher = await signVoucher(desk.requester.channelId, feeMicroUsd, network, account(77))
      await expect(desk.client.deposit(await desk.authorizeDeposit(), voucher)).rejects.toMatchObject({
        code: 'hub/refused',
      })
    })

    test('with a voucher that the channel cannot cover', async () => {
      const voucher = await desk.sign(depositMicroUsd + 1n)
      await expect(desk.client.deposit(await desk.authorizeDeposit(), voucher)).rejects.toMatchObject({
        code: 'hub/refused',
      })
    })

    test('when it is less than its fee', async () => {
      const signed = await desk.authorizeDeposit(feeMicroUsd - 1n)
      await expect(desk.client.deposit(signed, await desk.sign(feeMicroUsd))).rejects.toMatchObject({
        code: 'hub/request-refused',
      })
    })

    test('by a collector that could burn gas', async () => {
      const signed = { ...(await desk.authorizeDeposit()), collector: account(77).address }
      await expect(desk.client.deposit(signed, await desk.sign(feeMicroUsd))).rejects.toMatchObject({
        code: 'hub/request-refused',
      })
    })

    test('while the payer is leaving', async () => {
      await desk.deposit()
      const { wallet, config } = desk.requester.payer
      await desk.world.chain.initiateWithdraw(config, 1n, wallet)
      await expect(desk.deposit()).rejects.toMatchObject({ code: 'hub/withdrawing' })
    })
  })
})

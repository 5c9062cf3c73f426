import { expect, test } from 'vitest'
import type { Hex } from '../../../src/domain/bytes.ts'
import { signVoucher } from '../../../src/ledger/sign-voucher.ts'
import { hubBalanceMicroUsd, openHubMoney } from '../../../tests/fixtures/hub-money.ts'
import { hubPayee, hubPayer, hubSigner } from '../../../tests/fixtures/hub-world.ts'
import { network } from '../../../tests/fixtures/jobs.ts'

const busy = { code: 'hub/busy' }

/** A hub that has 50,000 and starts with 500 for each provider; `add` returns the next provider's channel. */
async function openTrust() {
  const money = await openHubMoney({ firstDepositMicroUsd: 500n, maxOpenMicroUsd: 100_000n })
  let payees = 0
  const add = async () => {
    const { channel } = hubPayee(++payees)
    await money.store.addChannel(channel)
    return channel.channelId
  }
  const pay = async (channelId: Hex, amount: bigint) =>
    void (await money.store.raiseVoucher('payer', await signVoucher(channelId, amount, network, hubSigner)))
  const balanceOf = async (channelId: Hex) => (await money.chain.channel(channelId)).balance
  return { ...money, add, pay, balanceOf }
}

const payerOf = (index: number) => hubPayer(index).channel.channelId

test('a quarter of the hub’s money at most lies anywhere on trust, half of that for large jobs', async () => {
  const { funding, add, balanceOf } = await openTrust()
  const [large, tooLarge, ordinary] = [await add(), await add(), await add()]
  await funding.deposit(large, 6_250n)
  await expect(funding.deposit(tooLarge, 501n)).rejects.toMatchObject(busy)
  await funding.deposit(ordinary, 10n)
  expect(await balanceOf(ordinary)).toBe(500n)
  expect(funding.outOfFunds).toBe(0)
})

test('deposits that are made at once do not go beyond it together', async () => {
  const { funding, add, chain } = await openTrust()
  const channelIds = await Promise.all(Array.from({ length: 8 }, add))
  await Promise.allSettled(channelIds.map((channelId) => funding.deposit(channelId, 1_600n)))
  const balances = await Promise.all(channelIds.map(async (id) => (await chain.channel(id)).balance))
  const made = balances.filter((balance) => balance > 0n)
  expect(made.length).toBeGreaterThan(0)
  expect(made.reduce((sum, balance) => sum + balance, 0n)).toBeLessThanOrEqual(hubBalanceMicroUsd / 8n)
})

test('money that is being taken back counts until it is back', async () => {
  const { funding, watch, chain, add } = await openTrust()
  const [channelId, other] = [await add(), await add()]
  await funding.deposit(channelId, 6_000n)
  await chain.initiateWithdraw(hubPayee(1).channel.config, 6_000n, hubSigner)
  await watch.refresh(channelId)
  await expect(funding.deposit(other, 600n)).rejects.toMatchObject(busy)
})

test('what a provider was paid counts for it, and no more than that', async () => {
  const { funding, add, pay, balanceOf } = await openTrust()
  const [honest, fake, filler] = [await add(), await add(), await add()]
  for (const channelId of [honest, fake, filler]) await funding.deposit(channelId, 10n)
  await pay(honest, 500n)
  await pay(fake, 1n)
  await funding.deposit(filler, 5_000n)
  await expect(funding.deposit(fake, 3_000n)).rejects.toMatchObject(busy)
  await funding.deposit(honest, 2_500n)
  expect(await balanceOf(honest)).toBe(3_000n)
})

test('one requester cannot have money set aside for one provider after another', async () => {
  const { funding, add, clock } = await openTrust()
  for (let made = 0; made < 3; made++) await funding.deposit(await add(), 10n, payerOf(1))
  const next = await add()
  await expect(funding.deposit(next, 10n, payerOf(1))).rejects.toMatchObject(busy)
  await funding.deposit(await add(), 10n, payerOf(2))
  await clock.advance(10 * 60_000)
  await funding.deposit(next, 10n, payerOf(1))
})

test('all requesters together have so many deposits made on trust, and others do not wait for them', async () => {
  const { funding, add, pay, clock } = await openTrust()
  const paid = await add()
  await funding.deposit(paid, 10n, payerOf(99))
  await pay(paid, 500n)
  for (let made = 1; made < 20; made++) await funding.deposit(await add(), 10n, payerOf(made))
  const next = await add()
  await expect(funding.deposit(next, 10n, payerOf(50))).rejects.toMatchObject(busy)
  await funding.deposit(paid, 1_000n, payerOf(51))
  await clock.advance(10_000)
  await funding.deposit(next, 10n, payerOf(52))
})

import { expect, test } from 'vitest'
import { hubBalanceMicroUsd, openHubMoney } from '../../../tests/fixtures/hub-money.ts'
import { hubPayee, hubSigner } from '../../../tests/fixtures/hub-world.ts'
import { network } from '../../../tests/fixtures/jobs.ts'
import { signVoucher } from '../../../src/ledger/sign-voucher.ts'

async function openFunding(change: Parameters<typeof openHubMoney>[0] = {}) {
  const money = await openHubMoney(change)
  const payee = hubPayee(1)
  const { channelId } = payee.channel
  await money.store.addChannel(payee.channel)
  const balance = async () => (await money.chain.channel(channelId)).balance
  return { ...money, payee, channelId, balance }
}

test.each([
  ['the policy’s amount', 10n, 1_000n],
  ['what is needed where that is more', 3_000n, 3_000n],
  ['no more than may lie open', 5_000n, 5_000n],
])('deposits %s', async (_name, atLeast, amount) => {
  const { funding, channelId, balance } = await openFunding()
  await funding.deposit(channelId, atLeast)
  expect(await balance()).toBe(amount)
})

test('fills up to what may lie open with one provider, whatever its channels', async () => {
  const { funding, store, channelId, balance, payee, chain } = await openFunding({ maxOpenMicroUsd: 1_500n })
  const { signer } = payee
  const second = hubPayee(2).channel
  const config = { ...second.config, receiverAuthorizer: signer.address }
  await store.addChannel({ ...second, config })
  await chain.deposit(second.config, 800n, hubSigner)
  await funding.deposit(channelId, 10n)
  expect(await balance()).toBe(700n)
  await expect(funding.deposit(channelId, 10n)).rejects.toMatchObject({ code: 'hub/out-of-funds' })
  expect(funding.outOfFunds).toBe(1)
})

test('makes one deposit for all who ask at once', async () => {
  const { funding, channelId, balance, events } = await openFunding()
  await Promise.all([1n, 2n, 3n].map((atLeast) => funding.deposit(channelId, atLeast)))
  expect(await balance()).toBe(1_000n)
  expect(events).toEqual(['hub-deposit'])
})

test('puts its last money in where that is enough, and says when it is not', async () => {
  const { funding, store, channelId, balance, events } = await openFunding({
    maxOpenMicroUsd: 1_000_000n,
    depositMicroUsd: 2n * hubBalanceMicroUsd,
  })
  await store.raiseVoucher('payer', await signVoucher(channelId, hubBalanceMicroUsd, network, hubSigner))
  await funding.deposit(channelId, 10n)
  expect(await balance()).toBe(hubBalanceMicroUsd)
  await expect(funding.deposit(channelId, 10n)).rejects.toMatchObject({ code: 'hub/out-of-funds' })
  expect(events).toEqual(['hub-deposit', 'hub-deposit-failed'])
})

test('sets little aside for a provider that was not paid yet, and more by what it was paid', async () => {
  const { funding, store, channelId, balance } = await openFunding({
    firstDepositMicroUsd: 100n,
    depositMicroUsd: 5_000n,
    maxOpenMicroUsd: 50_000n,
  })
  const paid = async (amount: bigint) =>
    void (await store.raiseVoucher('payer', await signVoucher(channelId, amount, network, hubSigner)))
  await funding.deposit(channelId, 10n)
  expect(await balance()).toBe(100n)
  await paid(90n)
  await funding.deposit(channelId, 1n)
  expect(await balance()).toBe(100n + 360n)
  await paid(400n)
  await funding.deposit(channelId, 1n)
  expect(await balance()).toBe(460n + 1_600n)
  await paid(2_000n)
  await funding.deposit(channelId, 1n)
  expect(await balance()).toBe(2_060n + 5_000n)
})

test('waits until the chain shows a deposit, and gives up when it never does', async () => {
  const { funding, channelId, chain, clock } = await openFunding()
  const channel = chain.channel.bind(chain)
  chain.channel = async (id) => ({ ...(await channel(id)), balance: 0n })
  const lost = funding.deposit(channelId, 10n).catch((error: unknown) => error)
  await clock.advance(30_000)
  expect(await lost).toMatchObject({ code: 'chain/timeout' })

  const late = funding.deposit(channelId, 10n)
  await clock.advance(3_000)
  chain.channel = channel
  await clock.advance(1_000)
  await late
  expect((await chain.channel(channelId)).balance).toBe(2_000n)
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import { systemClock } from '../../src/device/system-clock.ts'
import { systemRandom } from '../../src/device/system-random.ts'
import { createReceiverChannel } from '../../src/ledger/receiver-channel.ts'
import type { Chain } from '../../src/ports/index.ts'
import { fundChannel } from '../../src/roles/fund/fund-channel.ts'
import type { FundingStep } from '../../src/roles/fund/payer-channels.ts'
import { createKnownHubs } from '../../src/roles/hub/known-hubs.ts'
import { createServedJobs } from '../../src/roles/provide/served-jobs.ts'
import { createSettlement } from '../../src/roles/wallet/settle.ts'
import { createWithdrawals } from '../../src/roles/wallet/withdraw.ts'
import { MemoryDocumentStore } from '../../src/storage/memory-document-store.ts'
import { MemoryVoucherStore } from '../../src/storage/memory-voucher-store.ts'
import { createMemoryNetwork } from '../../src/transport/memory-network.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'

let local: LocalChain
let chain: Chain

beforeAll(async () => {
  local = await startLocalChain()
  chain = createViemChain(local.network)
})

afterAll(() => local.stop())

/** A requester with a funded channel to a provider, both with stores of their own. */
async function openPair() {
  const [wallet, session, provider] = [createMemoryAccount(), createMemoryAccount(), createMemoryAccount()]
  const vouchersGiven = new MemoryVoucherStore()
  const keys = { wallet, session, random: systemRandom, clock: systemClock }
  const funding = { chain, vouchers: vouchersGiven, documents: new MemoryDocumentStore(), ...keys }
  const steps: FundingStep['stage'][] = []
  const opening = fundChannel(provider.address, 1_000n, funding)
  let next = await opening.next()
  for (; !next.done; next = await opening.next()) steps.push(next.value.stage)
  const { record, channel } = next.value

  const vouchers = new MemoryVoucherStore()
  await vouchers.addChannel({ ...record, side: 'receiver' })
  const { channelId, config } = record
  const { balance } = await chain.channel(channelId)
  const inbox = createReceiverChannel({
    channelId,
    config,
    network: chain.network,
    vouchers,
    limitMicroUsd: balance,
    baselineMicroUsd: 0n,
    nowSeconds: () => Math.floor(Date.now() / 1000),
  })
  const { transport } = createMemoryNetwork().join()
  const hubs = createKnownHubs({ transport, clock: systemClock, network: chain.network })
  const documents = new MemoryDocumentStore()
  const served = createServedJobs(documents)
  const stores = { vouchers, documents, served }
  const settlement = createSettlement({ chain, ...stores, wallet: provider, clock: systemClock, hubs })
  const pay = async (amount: bigint) => inbox.accept(await channel.promise(amount))
  const withdrawals = createWithdrawals({ ...funding, hubs })
  return { wallet, provider, record, steps, settlement, served, withdrawals, pay }
}

test("an empty wallet is filled, deposits once, and its vouchers become the provider's money", async () => {
  const { provider, steps, settlement, pay } = await openPair()
  expect(steps).toEqual(['faucet', 'deposit', 'deposited'])
  for (const amount of [40n, 80n, 123n]) await pay(amount)
  expect(await settlement.overview()).toMatchObject({ balanceMicroUsd: 0n, claimableMicroUsd: 123n })

  expect(await settlement.claim()).toMatchObject({ settledMicroUsd: 123n, skipped: [] })
  expect(await chain.balance(provider.address)).toBe(123n)
  expect(await settlement.overview()).toMatchObject({ balanceMicroUsd: 123n, claimableMicroUsd: 0n })
  expect(await settlement.claim()).toEqual({ transaction: null, settledMicroUsd: 0n, skipped: [] })
})

test('an announced withdrawal makes the provider claim before the money is gone', async () => {
  const { wallet, provider, record, settlement, pay } = await openPair()
  await pay(55n)
  const { balance } = await chain.channel(record.channelId)
  await chain.initiateWithdraw(record.config, balance, wallet)
  const stop = new AbortController()
  const guarding = settlement.guard(stop.signal)
  await expect.poll(() => chain.balance(provider.address), { timeout: 10_000 }).toBe(55n)
  stop.abort()
  await guarding

  await local.advance(record.config.withdrawDelay)
  await chain.finalizeWithdraw(record.config, wallet)
  expect((await chain.channel(record.channelId)).balance).toBe(55n)
})

test('a payer takes back all but its promises, which the provider claims even afterwards', async () => {
  const { wallet, provider, record, settlement, withdrawals, pay } = await openPair()
  const { channelId, config } = record
  await pay(77n)
  const [{ balance }, before] = await Promise.all([chain.channel(channelId), chain.balance(wallet.address)])
  await withdrawals.takeBack(channelId)
  expect(await withdrawals.list()).toMatchObject([{ channelId, amountMicroUsd: balance - 77n }])
  await expect(withdrawals.finish(channelId)).rejects.toMatchObject({ code: 'chain/reverted' })

  await local.advance(config.withdrawDelay)
  expect(await withdrawals.finish(channelId)).toMatchObject({ amountMicroUsd: balance - 77n })
  expect(await chain.balance(wallet.address)).toBe(before + balance - 77n)
  expect(await withdrawals.list()).toEqual([])
  expect(await settlement.claim()).toMatchObject({ settledMicroUsd: 77n })
  expect(await chain.balance(provider.address)).toBe(77n)
})

test('where a withdrawal left less than was promised, all that is left is claimed', async () => {
  const { wallet, provider, record, settlement, pay } = await openPair()
  await pay(800_000n)
  await chain.initiateWithdraw(record.config, 500_000n, wallet)
  await local.advance(record.config.withdrawDelay)
  await chain.finalizeWithdraw(record.config, wallet)
  const { balance } = await chain.channel(record.channelId)
  expect((await settlement.overview()).claimableMicroUsd).toBe(balance)
  expect(await settlement.claim()).toMatchObject({ settledMicroUsd: balance, skipped: [] })
  expect(await chain.balance(provider.address)).toBe(balance)
})

test('claimed twice at once, while a voucher comes in: each micro-dollar reaches the provider once', async () => {
  const { provider, settlement, pay } = await openPair()
  await pay(40n)
  const [first, second] = await Promise.all([settlement.claim(), settlement.claim(), pay(70n)])
  expect(await chain.balance(provider.address)).toBe(first.settledMicroUsd + second.settledMicroUsd)
  await settlement.claim()
  expect(await chain.balance(provider.address)).toBe(70n)
  expect(await settlement.overview()).toMatchObject({ earnedMicroUsd: 70n, claimableMicroUsd: 0n })
})

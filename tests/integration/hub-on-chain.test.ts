import { afterAll, beforeAll, expect, test } from 'vitest'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import { withSpread } from '../../src/domain/hub.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { openHubWorld } from '../fixtures/hub.ts'
import { codeOf } from '../fixtures/hub-ends.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'

let local: LocalChain
let firstAccount = 0

beforeAll(async () => {
  local = await startLocalChain()
})

afterAll(() => local.stop())

/** A hub on a real EVM, with a provider and a requester that have never been there before. */
async function openDeal() {
  const chain = createViemChain(local.network)
  const ground = { chain, firstAccount: (firstAccount += 100) }
  const world = await openHubWorld({ firstDepositMicroUsd: 1_000_000n }, ground)
  const hub = world.startHub()
  const provider = await world.joinProvider()
  expect(codeOf(await provider.register())).toBe('registered')
  const requester = await world.joinRequester(100_000n)
  const to = { provider: provider.account.address, ceilingMicroUsd: 10_000n }
  const claimed = async () => (await chain.channel(requester.channelId)).totalClaimed
  return { ...world, hub, provider, requester, to, claimed }
}

test('a hub pays and is paid to the micro-unit, in one deposit and one claim', async () => {
  const { hub, chain, hubAccount, provider, requester, to, policy } = await openDeal()
  const before = await chain.balance(hubAccount.address)
  let charged = 0n
  let paid = 0n
  for (const charge of [7_777n, 1n, 333n]) {
    const job = await requester.open(to)
    expect(codeOf(await job.pay(charge / 2n))).toBe('paid')
    expect(codeOf(await job.pay(charge))).toBe('paid')
    await job.close()
    await expect.poll(() => provider.paid.get(job.jobId)).toBe(charge)
    charged += charge
    paid += withSpread(charge, policy)
  }
  expect(await provider.claim()).toBe(charged)
  await hub.stop()
  const { balance: locked, totalClaimed } = await chain.channel(channelIdOf(provider.channel!, chain.network))
  expect(totalClaimed).toBe(charged)
  expect(await chain.balance(provider.account.address)).toBe(charged)
  expect((await chain.channel(requester.channelId)).totalClaimed).toBe(paid)
  expect(await chain.balance(hubAccount.address)).toBe(before - locked + paid)
  expect(hub.events.filter((event) => event === 'hub-deposit' || event === 'hub-claimed')).toEqual([
    'hub-deposit',
    'hub-claimed',
  ])
})

test('a claim that the chain undid is made again', async () => {
  const { hub, clock, gas, policy, requester, to, claimed } = await openDeal()
  gas.wei = 1_000_000n
  const job = await requester.open(to)
  await job.pay(5_000n)
  await job.close()
  await clock.advance(60_000)
  const undo = await local.mark()
  gas.wei = 0n
  await clock.advance(policy.watchIntervalMs)
  await expect.poll(claimed).toBe(5_100n)
  await expect.poll(async () => (await hub.figures()).unclaimedMicroUsd).toBe(0n)
  await undo()
  expect(await claimed()).toBe(0n)
  await clock.advance(policy.watchIntervalMs)
  await expect.poll(claimed).toBe(5_100n)
  await hub.stop()
})

test('a payer that leaves while it owes pays what it owes', async () => {
  const { hub, chain, clock, gas, policy, requester, to, claimed } = await openDeal()
  // Far too little to claim for any other reason.
  gas.wei = 1_000_000n
  const job = await requester.open(to)
  await job.pay(5_000n)
  const { wallet, config } = requester.payer
  await chain.initiateWithdraw(config, 100_000n, wallet)
  await clock.advance(policy.watchIntervalMs)
  await expect.poll(claimed).toBe(5_100n)
  expect(codeOf(await job.pay(6_000n))).toBe('hub/withdrawing')
  await local.advance(config.withdrawDelay)
  await chain.finalizeWithdraw(config, wallet)
  expect(await chain.balance(wallet.address)).toBe(100_000n - 5_100n)
  await hub.stop()
})

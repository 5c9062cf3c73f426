import { afterAll, beforeAll, expect, test } from 'vitest'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import { guardDeposits } from '../../src/roles/fund/guard-deposits.ts'
import { account } from '../fixtures/hub.ts'
import { createFastClock } from '../fixtures/fast-clock.ts'
import { openHubMarket, withOwn } from '../fixtures/hub-market.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'
import { makeAsk, never, runAsk } from '../fixtures/market.ts'

let local: LocalChain

beforeAll(async () => {
  local = await startLocalChain()
})

afterAll(() => local.stop())

const [wallet, sender, hubAccount] = [account(880_001), account(880_002), account(1_000)]
const fortuneMicroUsd = 2_000_000n

test('a deposit that a reorganisation undid under a hub is made again as it was signed, once', async () => {
  const clock = createFastClock()
  const chain = createViemChain(local.network)
  const market = await openHubMarket({ chain, clock })
  const hub = market.startHub()
  const seller = await market.joinProvider()
  await seller.atHub()
  await chain.faucet(wallet.address, fortuneMicroUsd)
  const buyer = await market.joinRequester(wallet)
  const undo = await local.mark()
  const answer = await runAsk(buyer.requester.ask(makeAsk(), never))
  const { channelId } = answer.terms
  const held = async () => (await chain.channel(channelId)).balance
  const deposited = await held()
  expect(deposited).toBeGreaterThan(0n)
  await undo()
  expect([await held(), await chain.balance(wallet.address)]).toEqual([0n, fortuneMicroUsd])

  const over = new AbortController()
  const guarding = guardDeposits({ ...buyer, sender }, over.signal)
  await expect.poll(held, { timeout: 20_000 }).toBe(deposited)
  // Looks once more, and finds nothing to do.
  await clock.sleep(70_000)
  expect([await held(), await chain.balance(wallet.address)]).toEqual([
    deposited,
    fortuneMicroUsd - deposited,
  ])
  expect(await buyer.documents.keys('made-deposits')).toHaveLength(1)
  clock.skip(3_600_000)
  await expect.poll(() => buyer.documents.keys('made-deposits'), { timeout: 20_000 }).toEqual([])
  over.abort()
  await guarding
  await seller.provider.stop()
  await hub.stop()
})

test('without gas the hub makes it again for the fee that it had, also after a restart', async () => {
  const own = await startLocalChain()
  const giver = createViemChain(own.network)
  for (const { address } of [wallet, hubAccount]) await giver.faucet(address, fortuneMicroUsd)
  const clock = createFastClock()
  const timing = { confirmations: 1, pollingMs: 100 }
  const chain = createViemChain(await own.becomePublic(wallet.address), timing)
  const market = await openHubMarket({ chain: withOwn(chain, { faucet: async () => {} }), clock })
  // Anvil proposes a tip that is hundreds of times a layer-2 chain's.
  const policy = { weiPerMicroUsd: 333_000_000_000n }
  let hub = market.startHub({ policy })
  const seller = await market.joinProvider()
  await seller.atHub()
  const buyer = await market.joinRequester(wallet)
  const undo = await own.mark()
  const { terms } = await runAsk(buyer.requester.ask(makeAsk(), never))
  const held = async () => (await chain.channel(terms.channelId)).balance
  const fees = async () => (await market.store.totals()).feesMicroUsd
  const [deposited, feesMicroUsd] = [await held(), await fees()]
  expect([deposited > 0n, feesMicroUsd > 0n]).toEqual([true, true])
  await undo()
  const undoAgain = await own.mark()

  const over = new AbortController()
  const guarding = guardDeposits({ ...buyer, sender: wallet }, over.signal)
  await expect.poll(held, { timeout: 20_000 }).toBe(deposited)
  await hub.stop()
  await undoAgain()
  hub = market.startHub({ policy })
  await expect.poll(held, { timeout: 20_000 }).toBe(deposited)
  expect([await fees(), await chain.gasBalance(wallet.address)]).toEqual([feesMicroUsd, 0n])
  over.abort()
  await guarding
  await seller.provider.stop()
  await hub.stop()
  await own.stop()
})

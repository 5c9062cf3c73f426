import { createPublicClient, http } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import type { Chain } from '../../src/ports/index.ts'
import { account } from '../fixtures/hub.ts'
import { costOf, openDeal, wallet } from '../fixtures/hub-deal.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'
import { makeAsk, never, runAsk } from '../fixtures/market.ts'

let local: LocalChain
let chain: Chain

beforeAll(async () => {
  local = await startLocalChain()
  chain = createViemChain(local.network)
})

afterAll(() => local.stop())

test('on a real EVM, money goes in, pays answers and comes out again, and the requester sends no transaction', async () => {
  const deal = await openDeal({ chain })
  const { market, buyer, seller } = deal
  const answers = []
  for (const _ of [1, 2]) answers.push(await runAsk(buyer.requester.ask(makeAsk(), never)))
  expect(answers.map(({ error }) => error)).toEqual([null, null])
  const { charged, paid } = costOf(deal, answers)
  await expect.poll(() => seller.provider.status().earnedMicroUsd).toBe(charged)

  const returned = await buyer.withdrawals.takeBack(answers[0]!.terms.channelId)
  const { feesMicroUsd } = await market.store.totals()
  expect(returned).toMatchObject({ amountMicroUsd: 1_000_000n - paid - feesMicroUsd })
  const friend = account(900).address
  const quote = await buyer.payOut.quote()
  const sent = await buyer.payOut.send(friend, 700_000n, quote)
  expect(sent.transaction).toMatch(/^0x[0-9a-f]{64}$/)
  expect(await chain.balance(friend)).toBe(700_000n)
  const left = 2_000_000n - paid - feesMicroUsd - 700_000n - quote.feeMicroUsd
  expect(await chain.balance(wallet.address)).toBe(left)

  const client = createPublicClient({ transport: http(local.network.rpcUrl) })
  const sentOf = ({ address }: { address: `0x${string}` }) => client.getTransactionCount({ address })
  expect(await Promise.all([wallet, buyer.session, seller.wallet].map(sentOf))).toEqual([0, 0, 0])
  await deal.stop()
})

import { createPublicClient, createWalletClient, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { plainDollarAbi } from '../../src/chain/abi/plain-dollar.ts'
import { plainDollarBytecode } from '../../src/chain/abi/plain-dollar-bytecode.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import type { Address } from '../../src/domain/bytes.ts'
import type { Network } from '../../src/domain/network.ts'
import type { Chain } from '../../src/ports/index.ts'
import { costOf, openDeal, wallet } from '../fixtures/hub-deal.ts'
import { withOwn } from '../fixtures/hub-market.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'
import { makeAsk, never, runAsk } from '../fixtures/market.ts'

let local: LocalChain
/** The local chain, where everything is paid in a token without EIP-3009. */
let network: Network
let chain: Chain
/** Deposits that were sent: how the token was to be collected, for whom, and by whom. */
const sent: { collector: Address; payer: Address; sender: Address }[] = []

beforeAll(async () => {
  local = await startLocalChain()
  const { bond: _, ...others } = local.network
  network = { ...others, token: await deployPlainDollar() }
  const real = createViemChain(network)
  chain = withOwn(real, {
    submitDeposit(deposit, sender, admit) {
      const { collector, config } = deposit
      sent.push({ collector, payer: config.payer, sender: sender.address })
      return real.submitDeposit(deposit, sender, admit)
    },
  })
})

afterAll(() => local.stop())

const reader = () =>
  createPublicClient({ chain: foundry, transport: http(local.network.rpcUrl), pollingInterval: 50 })

async function deployPlainDollar(): Promise<Address> {
  const account = privateKeyToAccount(generatePrivateKey())
  await createViemChain(local.network).faucet(account.address, 0n)
  const deployer = createWalletClient({ account, chain: foundry, transport: http(local.network.rpcUrl) })
  const hash = await deployer.deployContract({ abi: plainDollarAbi, bytecode: plainDollarBytecode })
  return (await reader().waitForTransactionReceipt({ hash })).contractAddress!
}

test('a hub sends the deposit of a token without EIP-3009 by Permit2, and it pays answers and comes back', async () => {
  const deal = await openDeal({ chain })
  const { market, buyer, seller } = deal
  const answers = []
  for (const _ of [1, 2]) answers.push(await runAsk(buyer.requester.ask(makeAsk(), never)))
  expect(answers.map(({ error }) => error)).toEqual([null, null])

  // One for both answers, signed by the wallet and sent by the hub.
  const ofBuyer = sent.filter(({ payer }) => payer === wallet.address)
  const { permit2Collector: collector } = network
  expect(ofBuyer).toEqual([{ collector, payer: wallet.address, sender: market.hubAccount.address }])
  const { channelId } = answers[0]!.terms
  expect(await chain.channel(channelId)).toMatchObject({ balance: 1_000_000n })
  expect(await chain.balance(wallet.address)).toBe(1_000_000n)

  // The hub has put the same token into its channel to the provider.
  const { charged, paid } = costOf(deal, answers)
  await expect.poll(() => seller.provider.status().earnedMicroUsd).toBe(charged)
  const [earned] = await seller.vouchers.channels('receiver')
  expect((await chain.channel(earned!.channelId)).balance).toBeGreaterThanOrEqual(charged)

  const returned = await buyer.withdrawals.takeBack(channelId)
  const { feesMicroUsd } = await market.store.totals()
  expect(returned).toMatchObject({ amountMicroUsd: 1_000_000n - paid - feesMicroUsd })
  expect(await chain.balance(wallet.address)).toBe(2_000_000n - paid - feesMicroUsd)
  const ends = [wallet, buyer.session, seller.wallet]
  const counts = ends.map(({ address }) => reader().getTransactionCount({ address }))
  expect(await Promise.all(counts)).toEqual([0, 0, 0])
  await deal.stop()
})

import { type Hex, createPublicClient, createTestClient, http, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { gasCost } from '../../src/chain/gas-cost.ts'
import { type Cost, costOf } from '../../src/chain/gas-table.ts'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { createRpc } from '../../src/chain/rpc.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import type { Address } from '../../src/domain/bytes.ts'
import type { ChannelConfig } from '../../src/domain/channel.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import type { Chain } from '../../src/ports/chain.ts'
import type { Network } from '../../src/domain/network.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'

/** A figure of the table may be above what was measured by this much, and never below. */
const roomPercent = 40n

let local: LocalChain
let chain: Chain

const hub = createMemoryAccount()
const reader = () => createPublicClient({ transport: http(local.network.rpcUrl) })

beforeAll(async () => {
  local = await startLocalChain()
  chain = createViemChain(local.network)
})

afterAll(() => local.stop())

/** What a transaction took of the chain. */
async function costIn(hash: Hex): Promise<Cost> {
  const [{ gasUsed }, { input }] = await Promise.all([
    reader().getTransactionReceipt({ hash }),
    reader().getTransaction({ hash }),
  ])
  return { gas: gasUsed, bytes: (input.length - 2) / 2 }
}

function expectCovered(actual: Cost, figure: Cost): void {
  expect(figure.gas).toBeGreaterThanOrEqual(actual.gas)
  expect(figure.gas).toBeLessThanOrEqual((actual.gas * (100n + roomPercent)) / 100n)
  expect(figure.bytes).toBeGreaterThanOrEqual(actual.bytes)
}

/** Channels of fresh payers to one fresh receiver, each deposit sent for its payer. */
async function openChannels(count: number, to?: Address) {
  const receiver = createMemoryAccount()
  const session = createMemoryAccount()
  const deposits: Cost[] = []
  const claims = []
  for (let index = 0; index < count; index++) {
    const payer = createMemoryAccount()
    await chain.faucet(payer.address, 100_000n)
    const config: ChannelConfig = {
      payer: payer.address,
      payerAuthorizer: session.address,
      receiver: to ?? receiver.address,
      receiverAuthorizer: receiver.address,
      token: local.network.token,
      withdrawDelay: 900,
      salt: toHex(index, { size: 32 }),
    }
    const signed = await chain.authorizeDeposit(config, 100_000n, payer)
    deposits.push(await costIn(await chain.submitDeposit(signed, hub)))
    const voucher = await signVoucher(channelIdOf(config, local.network), 70_000n, local.network, session)
    claims.push({ config, voucher, totalClaimed: 70_000n })
  }
  return { receiver, deposits, claims }
}

/** The chain as it is, and as it were without a bond. */
function networks(): { bonded: Network; direct: Network } {
  const direct = { ...local.network }
  delete direct.bond
  return { bonded: local.network, direct }
}

async function sendClaim(count: number, to?: Address) {
  const { receiver, claims } = await openChannels(count, to)
  const signed = await chain.authorizeClaim(claims, receiver)
  const fee = await chain.authorizeTransfer(createMemoryAccount().address, 10n, receiver)
  const { transaction } = await chain.submitClaim(signed, fee, hub)
  return { receiver, cost: await costIn(transaction!) }
}

test('a deposit takes no more than its figure', async () => {
  const { deposits } = await openChannels(1)
  expectCovered(deposits[0]!, costOf('deposit', local.network))
})

test.each([1, 8])('a claim of %i channels takes no more than its figure', async (count) => {
  const { bonded, direct } = networks()
  expectCovered((await sendClaim(count, bonded.bond)).cost, costOf('claim', bonded, count))
  expectCovered((await sendClaim(count)).cost, costOf('claim', direct, count))
})

test('a transfer and its fee take no more than their figure, with a payout of the bond too', async () => {
  const { bonded, direct } = networks()
  const provider = (await sendClaim(1, bonded.bond)).receiver
  await local.advance(4_200)
  for (const network of [bonded, direct]) {
    const transfers = await Promise.all(
      [createMemoryAccount(), createMemoryAccount()].map(({ address }) =>
        chain.authorizeTransfer(address, 100n, provider),
      ),
    )
    const transaction = await chain.submitTransfers(transfers, hub)
    expectCovered(await costIn(transaction), costOf('transfer', network))
  }
})

test('a refund takes no more than its figure', async () => {
  const { receiver, claims } = await openChannels(1)
  const [claim] = claims
  await chain.faucet(receiver.address, 0n)
  const { transaction } = await chain.refund(claim!.config, claim!, receiver, { number: 0n })
  expectCovered(await costIn(transaction), costOf('refund', local.network))
})

test("a rollup's data fee comes on top", async () => {
  const oracle = '0x420000000000000000000000000000000000000F'
  // PUSH2 12345, stored and returned: whatever is asked, the fee is 12345 wei.
  await createTestClient({ mode: 'anvil', transport: http(local.network.rpcUrl) }).setCode({
    address: oracle,
    bytecode: '0x6130395f5260205ff3',
  })
  const plain = await gasCost('claim', 2, createRpc(local.network))
  const base = createRpc({ ...local.network, chainId: 8453 })
  const { maxFeePerGas } = await base.client.estimateFeesPerGas()
  expect(plain).toBeGreaterThan(0n)
  expect(await gasCost('claim', 2, base)).toBe(costOf('claim', local.network, 2).gas * maxFeePerGas + 12_345n)
})

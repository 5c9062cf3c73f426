import { createPublicClient, encodeFunctionData, http, toHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { batchSettlementAbi } from '../../src/chain/abi/batch-settlement.ts'
import { depositCall } from '../../src/chain/deposit-channel.ts'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { createRpc } from '../../src/chain/rpc.ts'
import { createSender } from '../../src/chain/send-transaction.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import type { ChannelClaim, ChannelConfig } from '../../src/domain/channel.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import { limits } from '../../src/protocol/limits.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'

const channels = limits.channelsPerClaim + 3
const depositsAtOnce = 80
/** Largest transaction that common nodes take, in bytes, and the most gas that one may have (EIP-7825). */
const largestBytes = 128 * 1024
const largestGas = 2n ** 24n

let local: LocalChain
let claims: ChannelClaim[]

const [payer, session, receiver] = [createMemoryAccount(), createMemoryAccount(), createMemoryAccount()]

beforeAll(async () => {
  local = await startLocalChain()
  const chain = createViemChain(local.network)
  await chain.faucet(payer.address, 1_000n)
  claims = await Promise.all(Array.from({ length: channels }, (_, index) => claimOf(index)))
  await depositAll()
})

afterAll(() => local.stop())

async function claimOf(index: number): Promise<ChannelClaim> {
  const config: ChannelConfig = {
    payer: payer.address,
    payerAuthorizer: session.address,
    receiver: local.network.bond!,
    receiverAuthorizer: receiver.address,
    token: local.network.token,
    withdrawDelay: 900,
    salt: toHex(index, { size: 32 }),
  }
  const voucher = await signVoucher(channelIdOf(config, local.network), 2n, local.network, session)
  return { config, voucher, totalClaimed: 2n }
}

/** Many deposits to a transaction, because there are hundreds. */
async function depositAll(): Promise<void> {
  const chain = createViemChain(local.network)
  const rpc = createRpc(local.network)
  const send = createSender(rpc)
  for (let start = 0; start < channels; start += depositsAtOnce) {
    const slice = claims.slice(start, start + depositsAtOnce)
    const signed = await Promise.all(slice.map(({ config }) => chain.authorizeDeposit(config, 3n, payer)))
    const calls = signed.map((deposit) => depositCall(deposit, rpc).data)
    const data = encodeFunctionData({ abi: batchSettlementAbi, functionName: 'multicall', args: [calls] })
    await send(payer, { to: local.network.settlement, data })
  }
}

test('what fits no transaction is claimed in several, each small enough for any node', async () => {
  const chain = createViemChain(local.network)
  const signed = await chain.authorizeClaim(claims, receiver)
  expect(signed.claims).toHaveLength(limits.channelsPerClaim)

  const { transaction, settledMicroUsd, skipped } = await chain.submitClaim(
    signed,
    null,
    createMemoryAccount(),
  )
  expect([settledMicroUsd, skipped]).toEqual([BigInt(limits.channelsPerClaim) * 2n, []])
  const client = createPublicClient({ transport: http(local.network.rpcUrl) })
  const [{ input }, { gasUsed }] = await Promise.all([
    client.getTransaction({ hash: transaction! }),
    client.getTransactionReceipt({ hash: transaction! }),
  ])
  expect(input.length / 2).toBeLessThan(largestBytes)
  expect(gasUsed).toBeLessThan(largestGas)

  expect(await chain.claim(claims, receiver)).toMatchObject({ settledMicroUsd: 6n, skipped: [] })
  expect((await chain.bond(receiver.address))?.heldMicroUsd).toBe(BigInt(channels) * 2n)
})

import { BATCH_SETTLEMENT_ADDRESS, type BatchSettlementDepositPayload, toClientEvmSigner } from '@x402/evm'
import {
  computeChannelId,
  createBatchSettlementEIP3009DepositPayload,
  readChannelBalanceAndTotalClaimed,
  signVoucher,
} from '@x402/evm/batch-settlement/client'
import { createPublicClient, createWalletClient, encodeAbiParameters, http, toHex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { batchSettlementAbi } from '../../src/chain/abi/batch-settlement.ts'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import type { ChannelConfig } from '../../src/domain/channel.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { verifyVoucher } from '../../src/ledger/verify-voucher.ts'
import type { Chain, Signer } from '../../src/ports/index.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'

const x402Network = 'eip155:31337'
const createAccount = () => privateKeyToAccount(generatePrivateKey())

let local: LocalChain
let chain: Chain
let receiver: Signer
let payer: ReturnType<typeof createAccount>
let session: ReturnType<typeof createAccount>
let config: ChannelConfig

beforeAll(async () => {
  local = await startLocalChain()
  chain = createViemChain(local.network)
})

afterAll(() => local.stop())

beforeEach(async () => {
  payer = createAccount()
  session = createAccount()
  receiver = createMemoryAccount()
  await chain.faucet(payer.address, 1_000n)
  config = {
    payer: payer.address,
    payerAuthorizer: session.address,
    receiver: receiver.address,
    receiverAuthorizer: receiver.address,
    token: local.network.token,
    withdrawDelay: 900,
    salt: toHex(7n, { size: 32 }),
  }
})

/** A deposit and first voucher as the x402 client makes them, for whoever brings them to the chain. */
async function clientDeposit(amount: string, firstVoucher: string) {
  const requirements = {
    scheme: 'batch-settlement',
    network: x402Network,
    asset: local.network.token,
    amount: '1',
    payTo: receiver.address,
    maxTimeoutSeconds: 3600,
    extra: { name: 'Test Dollar', version: '1', receiverAuthorizer: receiver.address },
  } as const
  const { payload } = await createBatchSettlementEIP3009DepositPayload(
    payer,
    2,
    requirements,
    config,
    amount,
    firstVoucher,
    session,
  )
  return payload as BatchSettlementDepositPayload
}

/** Brings a deposit to the chain from an account that has nothing to do with it. */
async function relay({ deposit }: BatchSettlementDepositPayload, amount: bigint) {
  const { erc3009Authorization: authorization } = deposit.authorization
  if (!authorization) throw new Error('The client chose another way to deposit.')
  const relayer = createAccount()
  await chain.faucet(relayer.address, 0n)
  const transport = http(local.network.rpcUrl)
  const { validAfter, validBefore, salt, signature } = authorization
  const collectorData = encodeAbiParameters(
    [{ type: 'uint256' }, { type: 'uint256' }, { type: 'uint256' }, { type: 'bytes' }],
    [BigInt(validAfter), BigInt(validBefore), BigInt(salt), signature],
  )
  const hash = await createWalletClient({ account: relayer, chain: foundry, transport }).writeContract({
    address: local.network.settlement,
    abi: batchSettlementAbi,
    functionName: 'deposit',
    args: [config, amount, local.network.collector, collectorData],
  })
  await createPublicClient({ chain: foundry, transport, pollingInterval: 100 }).waitForTransactionReceipt({
    hash,
  })
}

test('the contract is where the x402 client looks for it', () => {
  expect(local.network.settlement).toBe(BATCH_SETTLEMENT_ADDRESS)
})

test("the x402 client's interface is part of the contract's, down to the names", async () => {
  let used: readonly unknown[] = []
  const reader = {
    address: payer.address,
    signTypedData: async () => '0x' as const,
    readContract: async ({ abi }: { abi: readonly unknown[] }) => {
      used = abi
      return [0n, 0n]
    },
  }
  await readChannelBalanceAndTotalClaimed(reader, computeChannelId(config, x402Network))
  expect(used.length).toBeGreaterThan(15)
  expect(batchSettlementAbi).toEqual(
    expect.arrayContaining(used.map((item) => expect.objectContaining(item as object))),
  )
})

test('the x402 client, the ledger and the contract agree on the channel id', async () => {
  const client = createPublicClient({ transport: http(local.network.rpcUrl) })
  const onChain = await client.readContract({
    address: local.network.settlement,
    abi: batchSettlementAbi,
    functionName: 'getChannelId',
    args: [config],
  })
  expect(computeChannelId(config, x402Network)).toBe(onChain)
  expect(channelIdOf(config, local.network)).toBe(onChain)
})

test('a deposit made by the x402 client is accepted from a relayer', async () => {
  const made = await clientDeposit('600', '10')
  await relay(made, 600n)
  expect(await chain.channel(made.voucher.channelId)).toMatchObject({ balance: 600n, totalClaimed: 0n })
  expect(await chain.balance(payer.address)).toBe(400n)
})

test('a voucher signed by the x402 client passes the ledger and pays out', async () => {
  const { channelId } = (await clientDeposit('600', '10')).voucher
  await relay(await clientDeposit('600', '10'), 600n)
  const { signature } = await signVoucher(session, channelId, '250', x402Network)
  const voucher = { channelId, maxClaimableAmount: 250n, signature }
  await verifyVoucher(voucher, { channelId, payerAuthorizer: session.address }, local.network)
  const result = await chain.claim([{ config, voucher, totalClaimed: 250n }], receiver)
  expect(result).toMatchObject({ settledMicroUsd: 250n, skipped: [] })
  expect(await chain.balance(receiver.address)).toBe(250n)
})

test('the x402 client reads a channel that this chain adapter made', async () => {
  const wallet = createMemoryAccount()
  await chain.faucet(wallet.address, 500n)
  const own = { ...config, payer: wallet.address }
  await chain.deposit(own, 500n, wallet)
  const client = createPublicClient({ transport: http(local.network.rpcUrl) })
  const signer = toClientEvmSigner(payer, client)
  const read = await readChannelBalanceAndTotalClaimed(signer, computeChannelId(own, x402Network))
  expect(read).toEqual([500n, 0n])
})

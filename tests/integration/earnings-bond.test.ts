import { createPublicClient, createWalletClient, http, keccak256, toHex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { batchSettlementAbi } from '../../src/chain/abi/batch-settlement.ts'
import { earningsBondAbi } from '../../src/chain/abi/earnings-bond.ts'
import { earningsBondBytecode } from '../../src/chain/abi/earnings-bond-bytecode.ts'
import { modelRegistryAbi } from '../../src/chain/abi/model-registry.ts'
import { modelRegistryBytecode } from '../../src/chain/abi/model-registry-bytecode.ts'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import type { Address, Hex } from '../../src/domain/bytes.ts'
import type { ChannelConfig } from '../../src/domain/channel.ts'
import type { Receipt } from '../../src/domain/receipt.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { signReceipt } from '../../src/ledger/sign-receipt.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import type { Chain } from '../../src/ports/index.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'

const provider = privateKeyToAccount(generatePrivateKey())
const payer = createMemoryAccount()
const modelId = keccak256('0x01')
const commons = createMemoryAccount().address

let local: LocalChain
let chain: Chain
let registry: Address
let bond: Address
let config: ChannelConfig

/** A wallet and a reader in one call: the provider's key also deploys, publishes and reports here. */
const wallet = () =>
  createWalletClient({ account: provider, chain: foundry, transport: http(local.network.rpcUrl) })
const reader = () =>
  createPublicClient({ chain: foundry, transport: http(local.network.rpcUrl), pollingInterval: 100 })

async function mined(hash: Hex) {
  const receipt = await reader().waitForTransactionReceipt({ hash })
  expect(receipt.status).toBe('success')
  return receipt
}

async function deployed(hash: Hex): Promise<Address> {
  const { contractAddress } = await mined(hash)
  if (!contractAddress) throw new Error('Nothing was deployed.')
  return contractAddress
}

function deployBond() {
  const terms = {
    settlement: local.network.settlement,
    token: local.network.token,
    registry,
    commons,
    target: 1_000n,
    holdSeconds: 604_800,
    disputeSeconds: 259_200,
    rewardBps: 3_000,
    panel: [createMemoryAccount().address],
    quorum: 1n,
  }
  return wallet().deployContract({ abi: earningsBondAbi, bytecode: earningsBondBytecode, args: [terms] })
}

const account = (owner: Address) =>
  reader().readContract({ address: bond, abi: earningsBondAbi, functionName: 'getAccount', args: [owner] })

beforeAll(async () => {
  local = await startLocalChain()
  chain = createViemChain(local.network)
  await chain.faucet(provider.address, 0n)
  await chain.faucet(payer.address, 1_000n)
  registry = await deployed(
    await wallet().deployContract({ abi: modelRegistryAbi, bytecode: modelRegistryBytecode }),
  )
  bond = await deployed(await deployBond())
  await mined(
    await wallet().writeContract({
      address: registry,
      abi: modelRegistryAbi,
      functionName: 'register',
      args: [modelId, 1_000, ['ipfs://model']],
    }),
  )
  const salt = await reader().readContract({
    address: registry,
    abi: modelRegistryAbi,
    functionName: 'getListingId',
    args: [modelId, provider.address],
  })
  config = {
    payer: payer.address,
    payerAuthorizer: payer.address,
    receiver: bond,
    receiverAuthorizer: provider.address,
    token: local.network.token,
    withdrawDelay: 900,
    salt,
  }
})

afterAll(() => local.stop())

test('what a voucher pays is credited to the provider and the publisher', async () => {
  await chain.deposit(config, 1_000n, payer)
  const voucher = await signVoucher(channelIdOf(config, local.network), 500n, local.network, payer)
  const { maxClaimableAmount, signature } = voucher
  const line = { voucher: { channel: config, maxClaimableAmount }, signature, totalClaimed: 500n }
  await mined(
    await wallet().writeContract({
      address: local.network.settlement,
      abi: batchSettlementAbi,
      functionName: 'claim',
      args: [[line]],
    }),
  )
  await mined(
    await wallet().writeContract({
      address: bond,
      abi: earningsBondAbi,
      functionName: 'credit',
      args: [config],
    }),
  )
  expect(await account(provider.address)).toEqual([50n, 450n, 0n, 0])
  expect(await chain.balance(bond)).toBe(500n)
})

test('two receipts that the ledger signed for one job prove a contradiction on the chain', async () => {
  const receipt: Receipt = {
    jobId: toHex(1n, { size: 32 }),
    termsHash: toHex(2n, { size: 32 }),
    provider: provider.address,
    channelId: channelIdOf(config, local.network),
    modelId,
    arithmeticId: toHex(3n, { size: 32 }),
    promptHash: toHex(4n, { size: 32 }),
    outputHead: toHex(5n, { size: 32 }),
    tokens: { promptTokens: 12, completionTokens: 64 },
    chargeMicroUsd: 7n,
    finishReason: 'stop',
    issuedAtSeconds: 1_800_000_000,
  }
  const signed = await Promise.all(
    [receipt, { ...receipt, outputHead: toHex(6n, { size: 32 }) }].map(async (each) => {
      const { signature } = await signReceipt(each, local.network, provider)
      const { tokens, ...rest } = each
      return [{ ...rest, ...tokens }, signature] as const
    }),
  )
  const [one, other] = signed
  if (!one || !other) throw new Error('Two receipts were signed.')
  await mined(
    await wallet().writeContract({
      address: bond,
      abi: earningsBondAbi,
      functionName: 'slash',
      args: [...one, ...other],
    }),
  )
  expect(await account(provider.address)).toEqual([50n + 135n, 0n, 0n, 1])
  expect(await account(commons)).toEqual([315n, 0n, 0n, 0])
})

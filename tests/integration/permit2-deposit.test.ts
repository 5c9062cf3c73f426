import type { BatchSettlementDepositPayload } from '@x402/evm'
import { BatchSettlementEvmScheme } from '@x402/evm/batch-settlement/client'
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  encodeAbiParameters,
  http,
  toFunctionSelector,
  toHex,
} from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { permit2Address } from '../../src/chain/authorize-permit2.ts'
import { plainDollarAbi } from '../../src/chain/abi/plain-dollar.ts'
import { plainDollarBytecode } from '../../src/chain/abi/plain-dollar-bytecode.ts'
import { permit2DepositCost } from '../../src/chain/gas-table.ts'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { x402Addresses } from '../../src/chain/x402-addresses.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import type { Address, Hex } from '../../src/domain/bytes.ts'
import type { ChannelConfig } from '../../src/domain/channel.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import type { Chain, Signer } from '../../src/ports/index.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'

let local: LocalChain
let token: Address
let chain: Chain
let config: ChannelConfig

const giver = privateKeyToAccount(generatePrivateKey())
const [session, receiver, hub] = [createMemoryAccount(), createMemoryAccount(), createMemoryAccount()]
let payer = createMemoryAccount()

const wallet = () =>
  createWalletClient({ account: giver, chain: foundry, transport: http(local.network.rpcUrl) })
const reader = () =>
  createPublicClient({ chain: foundry, transport: http(local.network.rpcUrl), pollingInterval: 50 })
const channelId = () => channelIdOf(config, chain.network)

beforeAll(async () => {
  local = await startLocalChain()
  await createViemChain(local.network).faucet(giver.address, 0n)
  const hash = await wallet().deployContract({ abi: plainDollarAbi, bytecode: plainDollarBytecode })
  const { contractAddress } = await reader().waitForTransactionReceipt({ hash })
  token = contractAddress!
  chain = createViemChain({ ...local.network, token })
})

afterAll(() => local.stop())

beforeEach(async () => {
  payer = createMemoryAccount()
  const hash = await wallet().writeContract({
    address: token,
    abi: plainDollarAbi,
    functionName: 'mint',
    args: [payer.address, 1_000n],
  })
  await reader().waitForTransactionReceipt({ hash })
  config = {
    payer: payer.address,
    payerAuthorizer: session.address,
    receiver: receiver.address,
    receiverAuthorizer: receiver.address,
    token,
    withdrawDelay: 900,
    salt: toHex(crypto.getRandomValues(new Uint8Array(32))),
  }
})

test('a payer without gas deposits a token without EIP-3009, by two signatures', async () => {
  const deposit = await chain.authorizeDeposit(config, 600n, payer)
  expect(deposit.collector).toBe(local.network.permit2Collector)
  const hash = await chain.submitDeposit(deposit, hub)
  const [{ gasUsed }, { input }] = await Promise.all([
    reader().getTransactionReceipt({ hash }),
    reader().getTransaction({ hash }),
  ])
  expect(permit2DepositCost.gas).toBeGreaterThan(gasUsed)
  expect(permit2DepositCost.gas).toBeLessThan((gasUsed * 14n) / 10n)
  expect(permit2DepositCost.bytes).toBeGreaterThan(input.length / 2)
  expect(await chain.gasCost('deposit')).toBeGreaterThan(await chain.gasCost('transfer'))
  expect(await chain.channel(channelId())).toMatchObject({ balance: 600n })
  expect(await chain.balance(payer.address)).toBe(400n)
  expect(await chain.gasBalance(payer.address)).toBe(0n)

  const voucher = await signVoucher(channelId(), 250n, chain.network, session)
  const claimed = await chain.claim([{ config, voucher, totalClaimed: 250n }], receiver)
  expect(claimed).toMatchObject({ settledMicroUsd: 250n, skipped: [] })
})

test('it serves once, and as it was signed', async () => {
  const deposit = await chain.authorizeDeposit(config, 300n, payer)
  const other = { ...config, salt: toHex(1, { size: 32 }) }
  for (const changed of [
    { ...deposit, amount: 299n },
    { ...deposit, config: other },
  ]) {
    await expect(chain.submitDeposit(changed, hub)).rejects.toMatchObject({ code: 'chain/reverted' })
  }
  expect(await chain.authorizationState(deposit)).toBe('open')
  await chain.submitDeposit(deposit, hub)
  expect(await chain.authorizationState(deposit)).toBe('used')
  await expect(chain.submitDeposit(deposit, hub)).rejects.toMatchObject({
    code: 'chain/reverted',
    shortMessage: 'The contract refused the deposit: InvalidNonce.',
  })
  expect(await chain.channel(channelId())).toMatchObject({ balance: 300n })
})

/** Gives money to an account that allows Permit2 to take it, by a transaction of its own. */
async function fundAllowing(amount: bigint) {
  for (const [functionName, to] of [
    ['mint', giver.address],
    ['approve', permit2Address],
  ] as const) {
    const args = [to, amount] as const
    const hash = await wallet().writeContract({ address: token, abi: plainDollarAbi, functionName, args })
    await reader().waitForTransactionReceipt({ hash })
  }
}

test('where Permit2 is allowed already, one signature does', async () => {
  await fundAllowing(500n)
  const signed: string[] = []
  const owner: Signer = {
    address: giver.address,
    signTypedData: (data) => {
      signed.push(data.primaryType)
      return giver.signTypedData(data as Parameters<typeof giver.signTypedData>[0])
    },
  }
  const own = { ...config, payer: giver.address }
  await chain.submitDeposit(await chain.authorizeDeposit(own, 500n, owner), hub)
  expect(signed).toEqual(['PermitWitnessTransferFrom'])
  expect((await chain.channel(channelIdOf(own, chain.network))).balance).toBe(500n)
})

test('a deposit that the x402 client made by Permit2 is taken', async () => {
  await fundAllowing(500n)
  const client = new BatchSettlementEvmScheme({
    address: giver.address,
    signTypedData: (data) => giver.signTypedData(data as Parameters<typeof giver.signTypedData>[0]),
  })
  const { payload } = await client.createPaymentPayload(2, {
    scheme: 'batch-settlement',
    network: `eip155:${local.network.chainId}`,
    asset: token,
    amount: '50',
    payTo: receiver.address,
    maxTimeoutSeconds: 3600,
    extra: { assetTransferMethod: 'permit2', receiverAuthorizer: receiver.address },
  })
  const made = payload as BatchSettlementDepositPayload
  const { nonce, deadline, signature } = made.deposit.authorization.permit2Authorization!
  const collectorData = encodeAbiParameters(
    [{ type: 'uint256' }, { type: 'uint256' }, { type: 'bytes' }, { type: 'bytes' }],
    [BigInt(nonce), BigInt(deadline), signature, '0x'],
  )
  const amount = BigInt(made.deposit.amount)
  const collector = x402Addresses.permit2Collector
  expect(made.deposit.authorization.permit2Authorization?.spender).toBe(collector)
  await chain.submitDeposit({ config: made.channelConfig, amount, collector, collectorData }, hub)
  expect((await chain.channel(made.voucher.channelId)).balance).toBe(amount)
})

test('a deposit of the payer itself goes the same way', async () => {
  await chain.deposit(config, 200n, payer)
  await chain.deposit(config, 100n, payer)
  expect(await chain.channel(channelId())).toMatchObject({ balance: 300n })
})

test('a token that knows no allowance by signature asks for a transaction, which a payer with gas makes', async () => {
  await hideFunction('nonces(address)')
  await expect(chain.authorizeDeposit(config, 100n, payer)).rejects.toMatchObject({
    code: 'chain/allowance-needed',
  })
  await chain.deposit(config, 100n, payer)
  expect(await chain.channel(channelId())).toMatchObject({ balance: 100n })
  await chain.authorizeDeposit(config, 100n, payer)
})

/** Renames a function in the token's code, so that the token has none of that name. */
async function hideFunction(signature: string) {
  const code = await reader().getCode({ address: token })
  const selector = toFunctionSelector(signature).slice(2)
  expect(code).toContain(`63${selector}`)
  const bytecode = code!.replace(`63${selector}`, '63deadbeef') as Hex
  await createTestClient({ mode: 'anvil', transport: http(local.network.rpcUrl) }).setCode({
    address: token,
    bytecode,
  })
}

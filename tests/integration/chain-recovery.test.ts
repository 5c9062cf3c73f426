import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTestClient, http, publicActions, toHex, walletActions } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deployLocal } from '../../src/chain/deploy-local.ts'
import { createKeySigner, createMemoryAccount } from '../../src/chain/key-signer.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import type { ChannelConfig } from '../../src/domain/channel.ts'
import type { Network } from '../../src/domain/network.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import type { Chain, Signer } from '../../src/ports/index.ts'
import { type Anvil, startAnvil } from '../../tools/anvil.ts'
import { startRpcProxy } from '../fixtures/rpc-proxy.ts'

const timing = { requestTimeoutMs: 2_000, receiptTimeoutMs: 1_500, pollingMs: 20 }

let folder: string
let anvil: Anvil
let proxy: Awaited<ReturnType<typeof startRpcProxy>>
let network: Network
let chain: Chain
let payerKey: `0x${string}`
let config: ChannelConfig

const [session, receiver] = [createMemoryAccount(), createMemoryAccount()]
const stateFile = () => join(folder, 'chain.json')
const payer = () => createKeySigner(payerKey)
const direct = () =>
  createTestClient({ mode: 'anvil', chain: foundry, transport: http(anvil.rpcUrl) })
    .extend(publicActions)
    .extend(walletActions)
const channelId = () => channelIdOf(config, network)
const held = async () => (await chain.channel(channelId())).balance

async function claimOf(amount: bigint) {
  const voucher = await signVoucher(channelId(), amount, network, session)
  return { config, voucher, totalClaimed: amount }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opentab-chain-'))
  anvil = await startAnvil({ stateFile: stateFile() })
  proxy = await startRpcProxy(() => anvil.rpcUrl)
  network = { ...(await deployLocal(anvil.rpcUrl)), rpcUrl: proxy.rpcUrl }
  chain = createViemChain(network, timing)
  payerKey = generatePrivateKey()
  await chain.faucet(payer().address, 1_000n)
  config = {
    payer: payer().address,
    payerAuthorizer: session.address,
    receiver: receiver.address,
    receiverAuthorizer: receiver.address,
    token: network.token,
    withdrawDelay: 900,
    salt: toHex(crypto.getRandomValues(new Uint8Array(32))),
  }
})

afterEach(async () => {
  proxy.stop()
  await anvil.stop()
  await rm(folder, { recursive: true, force: true })
})

test('a chain that is gone is told as such, and back with its state it serves on', async () => {
  await chain.deposit(config, 300n, payer())
  const { port } = anvil
  await anvil.stop()
  await expect(held()).rejects.toMatchObject({ code: 'chain/unreachable', retryable: true })
  await expect(chain.deposit(config, 100n, payer())).rejects.toMatchObject({ code: 'chain/unreachable' })

  anvil = await startAnvil({ stateFile: stateFile(), port })
  expect(await held()).toBe(300n)
  await chain.deposit(config, 100n, payer())
  expect(await chain.claim([await claimOf(150n)], receiver)).toMatchObject({ settledMicroUsd: 150n })
  expect([await held(), await chain.balance(payer().address)]).toEqual([400n, 600n])
})

test('a lost answer to a transaction does not make it happen twice', async () => {
  proxy.weather.loseAnswers = { method: 'eth_sendRawTransaction', times: 3 }
  await chain.deposit(config, 300n, payer())
  expect([await held(), await chain.balance(payer().address)]).toEqual([300n, 700n])
})

test('an outage in the middle of a transaction is waited out', async () => {
  await direct().setAutomine(false)
  const deposited = chain.deposit(config, 300n, payer())
  await untilPending(1)
  proxy.weather.down = true
  await direct().mine({ blocks: 1 })
  await sleep(200)
  proxy.weather.down = false
  await deposited
  expect(await held()).toBe(300n)
})

test('a slow chain is as good as a fast one', async () => {
  proxy.weather.delayMs = 60
  await chain.deposit(config, 300n, payer())
  await chain.claim([await claimOf(120n)], receiver)
  expect([await held(), await chain.balance(receiver.address)]).toEqual([300n, 120n])
})

test('while a transaction may still happen, the account sends no other', async () => {
  await direct().setAutomine(false)
  await expect(chain.deposit(config, 300n, payer())).rejects.toMatchObject({
    code: 'chain/unconfirmed',
    retryable: false,
  })
  await expect(chain.deposit(config, 50n, payer())).rejects.toMatchObject({ code: 'chain/unconfirmed' })
  expect((await direct().getTxpoolStatus()).pending).toBe(1)

  await direct().mine({ blocks: 1 })
  await direct().setAutomine(true)
  expect(await held()).toBe(300n)
  await chain.deposit(config, 50n, payer())
  expect([await held(), await chain.balance(payer().address)]).toEqual([350n, 650n])
})

test('a base fee that trebles before the next block does not stop a sender with headroom', async () => {
  const [usual, ready] = [chain, createViemChain(network, { ...timing, baseFeeHeadroom: 3n })]
  const own = createMemoryAccount()
  await ready.faucet(own.address, 1_000n)
  const ownConfig = { ...config, payer: own.address }
  await direct().setAutomine(false)
  const stuck = usual.deposit(config, 300n, payer()).catch((error: unknown) => error)
  const through = ready.deposit(ownConfig, 300n, own)
  await expect.poll(async () => (await direct().getTxpoolStatus()).pending, { interval: 20 }).toBe(2)
  const { baseFeePerGas } = await direct().getBlock()
  await direct().setNextBlockBaseFeePerGas({ baseFeePerGas: baseFeePerGas! * 3n })
  const before = await ready.gasBalance(own.address)
  await direct().mine({ blocks: 1 })
  const hash = await through
  expect((await ready.channel(channelIdOf(ownConfig, network))).balance).toBe(300n)
  expect(await stuck).toMatchObject({ code: 'chain/unconfirmed' })
  expect(await held()).toBe(0n)
  // What was not needed of it was not spent.
  const { gasUsed, effectiveGasPrice } = await direct().getTransactionReceipt({ hash })
  const tipWei = 1_000_000n
  expect(effectiveGasPrice).toBe(3n * baseFeePerGas! + tipWei)
  expect(before - (await ready.gasBalance(own.address))).toBe(gasUsed * effectiveGasPrice)
})

test('a transaction that the chain forgot is handed over again, unchanged', async () => {
  await direct().setAutomine(false)
  const deposited = chain.deposit(config, 300n, payer())
  const hash = await untilPending(1)
  await direct().dropTransaction({ hash })
  expect(await untilPending(1)).toBe(hash)
  await direct().mine({ blocks: 1 })
  expect(await deposited).toBe(hash)
  expect(await held()).toBe(300n)
})

test('a transaction whose number was used by another is told, and can be done again', async () => {
  await direct().setAutomine(false)
  const deposited = chain.deposit(config, 300n, payer()).catch((error: unknown) => error)
  const hash = await untilPending(1)
  const { nonce, maxFeePerGas } = await direct().getTransaction({ hash })
  await direct().sendTransaction({
    account: privateKeyToAccount(payerKey),
    to: receiver.address,
    value: 1n,
    nonce,
    maxFeePerGas: (maxFeePerGas ?? 0n) * 3n,
    maxPriorityFeePerGas: maxFeePerGas ?? 0n,
  })
  await direct().mine({ blocks: 1 })
  expect(await deposited).toMatchObject({ code: 'chain/replaced', retryable: true })
  expect(await held()).toBe(0n)

  await direct().setAutomine(true)
  await chain.deposit(config, 300n, payer())
  expect([await held(), await chain.balance(payer().address)]).toEqual([300n, 700n])
})

test('a transaction that a wallet never brought to the chain does not hold up the next', async () => {
  const own = payer()
  const wallet: Signer = { ...own, sendTransaction: async () => `0x${'ab'.repeat(32)}` }
  await expect(chain.deposit(config, 300n, wallet)).rejects.toMatchObject({ code: 'chain/unconfirmed' })
  await chain.deposit(config, 200n, own)
  expect([await held(), await chain.balance(own.address)]).toEqual([200n, 800n])
})

test('what a reorganisation undid is seen as undone, and signed money moves again, once', async () => {
  const deposit = await chain.authorizeDeposit(config, 300n, payer())
  const hub = createMemoryAccount()
  const id = await direct().snapshot()
  await chain.submitDeposit(deposit, hub)
  const signed = await chain.authorizeClaim([await claimOf(120n)], receiver)
  const fee = await chain.authorizeTransfer(hub.address, 20n, receiver)
  await chain.submitClaim(signed, fee, hub)
  const before = await chain.balance(receiver.address)
  await direct().revert({ id })

  expect([await held(), await chain.balance(payer().address)]).toEqual([0n, 1_000n])
  await expect(chain.submitClaim(signed, fee, hub)).rejects.toMatchObject({ code: 'chain/reverted' })
  await chain.submitDeposit(deposit, hub)
  await chain.submitClaim(signed, fee, hub)
  await expect(chain.submitDeposit(deposit, hub)).rejects.toMatchObject({ code: 'chain/reverted' })
  expect([await held(), await chain.balance(payer().address)]).toEqual([300n, 700n])
  expect(await chain.balance(receiver.address)).toBe(before)
})

test('a transaction that a reorganisation took out of its block is not taken for confirmed', async () => {
  const patient = createViemChain(network, { ...timing, confirmations: 2, receiptTimeoutMs: 5_000 })
  const deposit = await chain.authorizeDeposit(config, 300n, payer())
  await direct().setBalance({ address: payer().address, value: 10n ** 19n })
  let isDone = false
  const deposited = patient.submitDeposit(deposit, payer()).finally(() => (isDone = true))
  await expect.poll(held, { interval: 20 }).toBe(300n)
  await direct().request({ method: 'anvil_rollback' as never, params: [1] as never })
  await expect.poll(held, { interval: 20 }).toBe(300n)
  expect(isDone).toBe(false)
  await direct().mine({ blocks: 1 })
  await deposited
  expect([await held(), await chain.balance(payer().address)]).toEqual([300n, 700n])
})

/** Waits until so many transactions are pending and returns the hash of the first. */
async function untilPending(count: number) {
  await expect.poll(async () => (await direct().getTxpoolStatus()).pending, { interval: 20 }).toBe(count)
  const { pending } = await direct().getTxpoolContent()
  const [first] = Object.values(pending).flatMap((byNumber) => Object.values(byNumber))
  if (!first) throw new Error('Nothing is pending.')
  return first.hash
}

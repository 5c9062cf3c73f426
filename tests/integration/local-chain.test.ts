import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPublicClient, createTestClient, http } from 'viem'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { batchSettlementAbi } from '../../src/chain/abi/batch-settlement.ts'
import { deployLocal } from '../../src/chain/deploy-local.ts'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import type { Network } from '../../src/domain/network.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import type { Signer } from '../../src/ports/signer.ts'
import { type Anvil, startAnvil } from '../../tools/anvil.ts'
import { channelConfig, network as nowhere } from '../fixtures/jobs.ts'

let anvil: Anvil

beforeEach(async () => {
  anvil = await startAnvil()
})

afterEach(() => anvil.stop())

const actAs = (chainId: number) =>
  createTestClient({ mode: 'anvil', transport: http(anvil.rpcUrl) }).request({
    method: 'anvil_setChainId',
    params: [chainId],
  } as never)

describe('deploying', () => {
  test('the contract signs for the address where it was put', async () => {
    const network = await deployLocal(anvil.rpcUrl, ['/ip4/127.0.0.1/tcp/1/ws'])
    expect(network).toMatchObject({
      chainId: 31337,
      rpcUrl: anvil.rpcUrl,
      relays: ['/ip4/127.0.0.1/tcp/1/ws'],
    })
    const client = createPublicClient({ transport: http(anvil.rpcUrl) })
    const [, name, version, chainId, verifyingContract] = await client.readContract({
      address: network.settlement,
      abi: batchSettlementAbi,
      functionName: 'eip712Domain',
    })
    expect({ name, version, chainId, verifyingContract }).toEqual({
      name: 'x402 Batch Settlement',
      version: '1',
      chainId: 31337n,
      verifyingContract: network.settlement,
    })
  })

  test('a second time changes nothing', async () => {
    const network = await deployLocal(anvil.rpcUrl)
    const client = createPublicClient({ transport: http(anvil.rpcUrl), cacheTime: 0 })
    const block = await client.getBlockNumber()
    expect(await deployLocal(anvil.rpcUrl)).toEqual(network)
    expect(await client.getBlockNumber()).toBe(block)
  })

  test('money survives a restart of the chain', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'opentab-chain-'))
    const stateFile = join(directory, 'chain.json')
    const payer = createMemoryAccount()
    const first = await startAnvil({ stateFile })
    const before = await deployLocal(first.rpcUrl)
    const config = configOf(before, payer)
    await createViemChain(before).faucet(payer.address, 77n)
    await createViemChain(before).deposit(config, 70n, payer)
    await first.stop()

    const second = await startAnvil({ stateFile })
    const after = await deployLocal(second.rpcUrl)
    expect({ ...after, rpcUrl: before.rpcUrl }).toEqual(before)
    expect(await createViemChain(after).balance(payer.address)).toBe(7n)
    expect(await createViemChain(after).channel(channelIdOf(config, after))).toMatchObject({ balance: 70n })
    await second.stop()
    await rm(directory, { recursive: true })
  })

  test('only a local chain is deployed to', async () => {
    await actAs(8453)
    await expect(deployLocal(anvil.rpcUrl)).rejects.toMatchObject({ code: 'chain/not-local' })
  })
})

describe('failing', () => {
  const rejecting: Signer = {
    ...createMemoryAccount(),
    signTypedData: () => Promise.reject(Object.assign(new Error('User rejected.'), { code: 4001 })),
  }

  test('an endpoint that is not there', async () => {
    await expect(createViemChain(nowhere).balance(channelConfig.payer)).rejects.toMatchObject({
      code: 'chain/unreachable',
      retryable: true,
    })
    await expect(deployLocal(nowhere.rpcUrl)).rejects.toMatchObject({ code: 'chain/unreachable' })
  })

  test('an endpoint that answers with something else', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const chain = createViemChain({ ...nowhere, rpcUrl: `http://127.0.0.1:${port}` })
    await expect(chain.balance(channelConfig.payer)).rejects.toMatchObject({ code: 'chain/unreachable' })
    server.close()
  })

  test('an endpoint of another chain', async () => {
    const network = await deployLocal(anvil.rpcUrl)
    await actAs(8453)
    const { address } = createMemoryAccount()
    await expect(createViemChain(network).balance(address)).rejects.toMatchObject({
      code: 'chain/wrong-network',
    })
    await expect(createViemChain(network).faucet(address, 1n)).rejects.toMatchObject({
      code: 'chain/wrong-network',
    })
  })

  test('a wallet that declines', async () => {
    const network = await deployLocal(anvil.rpcUrl)
    const chain = createViemChain(network)
    await chain.faucet(rejecting.address, 10n)
    const config = configOf(network, rejecting)
    await expect(chain.deposit(config, 5n, rejecting)).rejects.toMatchObject({ code: 'chain/user-rejected' })
    expect(await chain.balance(rejecting.address)).toBe(10n)
  })

  test('a key that sends no transactions', async () => {
    const network = await deployLocal(anvil.rpcUrl)
    const chain = createViemChain(network)
    const { address, signTypedData } = createMemoryAccount()
    await chain.faucet(address, 10n)
    const session = { address, signTypedData }
    await expect(chain.deposit(configOf(network, session), 5n, session)).rejects.toMatchObject({
      code: 'chain/cannot-sign',
    })
  })

  test('a contract that refuses says why', async () => {
    const network = await deployLocal(anvil.rpcUrl)
    const payer = createMemoryAccount()
    const refused = createViemChain(network).initiateWithdraw(configOf(network, payer), 5n, payer)
    await expect(refused).rejects.toMatchObject({
      code: 'chain/reverted',
      shortMessage: 'The contract refused the withdrawal: WithdrawAmountExceedsAvailable.',
    })
  })
})

function configOf(network: Network, payer: Pick<Signer, 'address'>) {
  return { ...channelConfig, token: network.token, payer: payer.address }
}

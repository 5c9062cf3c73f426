import { readFile } from 'node:fs/promises'
import {
  BATCH_SETTLEMENT_ADDRESS,
  ERC3009_DEPOSIT_COLLECTOR_ADDRESS,
  PERMIT2_ADDRESS,
  getDefaultAsset,
} from '@x402/evm'
import { base, baseSepolia } from 'viem/chains'
import { expect, test } from 'vitest'
import { permit2Address } from '../../src/chain/authorize-permit2.ts'
import { multicallAddress } from '../../src/chain/call-together.ts'
import { x402Addresses } from '../../src/chain/x402-addresses.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { parseNetwork } from '../../src/protocol/network-file.ts'

async function readNetwork(name: string) {
  const file = new URL(`../../public/networks/${name}.json`, import.meta.url)
  return parseNetwork(JSON.parse(await readFile(file, 'utf8')))
}

const networks = [
  ['base', base],
  ['base-sepolia', baseSepolia],
] as const

test.each(networks)('%s is where viem and the x402 client look for it', async (file, chain) => {
  const network = await readNetwork(file)
  expect(network).toMatchObject({
    name: chain.name,
    chainId: chain.id,
    rpcUrl: chain.rpcUrls.default.http[0],
    explorerUrl: chain.blockExplorers.default.url,
    token: getDefaultAsset(`eip155:${chain.id}`).asset,
    ...x402Addresses,
  })
  expect(x402Addresses).toMatchObject({
    settlement: BATCH_SETTLEMENT_ADDRESS,
    collector: ERC3009_DEPOSIT_COLLECTOR_ADDRESS,
  })
  expect(chain.contracts.multicall3.address).toBe(multicallAddress.toLowerCase())
  expect(permit2Address).toBe(PERMIT2_ADDRESS)
})

test.each(networks)('%s has no test money', async (file) => {
  const chain = createViemChain(await readNetwork(file))
  await expect(chain.faucet(createMemoryAccount().address, 1n)).rejects.toMatchObject({
    code: 'chain/not-local',
  })
})

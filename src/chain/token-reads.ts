import { erc20Abi } from 'viem'
import type { Address } from '../domain/bytes.ts'
import type { MicroUsd } from '../domain/price.ts'
import { ChainError } from '../errors/index.ts'
import type { TypedData } from '../ports/signer.ts'
import { testDollarAbi } from './abi/test-dollar.ts'
import { readOptional } from './read-optional.ts'
import type { Rpc } from './rpc.ts'

/**
 * Returns the token's EIP-712 domain. USDC has no EIP-5267 `eip712Domain`; its `name` and `version` are the domain's. A
 * token that does not say its version has the first.
 */
export async function readTokenDomain({ client, network }: Rpc): Promise<TypedData['domain']> {
  const token = { address: network.token, abi: testDollarAbi } as const
  const [name, version] = await Promise.all([
    client.readContract({ ...token, functionName: 'name' }),
    readOptional(client.readContract({ ...token, functionName: 'version' })),
  ])
  return { name, version: version ?? '1', chainId: network.chainId, verifyingContract: network.token }
}

/** Returns the token balance of an address. */
export function readBalance(owner: Address, { client, network }: Rpc): Promise<MicroUsd> {
  return client.readContract({
    address: network.token,
    abi: erc20Abi,
    functionName: 'balanceOf',
    args: [owner],
  })
}

/** @throws ChainError `chain/insufficient-funds`, before anybody is asked for a signature */
export async function checkBalance(owner: Address, amount: MicroUsd, rpc: Rpc): Promise<void> {
  if ((await readBalance(owner, rpc)) >= amount) return
  throw new ChainError('chain/insufficient-funds', 'The wallet holds less than the deposit.')
}

/**
 * Returns the Unix time in seconds that the chain will go by. An idle chain's last block may be old, and a test's
 * chain may be ahead of the clock: the later one counts.
 */
export async function readTime({ client }: Rpc): Promise<bigint> {
  const { timestamp } = await client.getBlock()
  const nowSeconds = BigInt(Math.floor(Date.now() / 1000))
  return timestamp > nowSeconds ? timestamp : nowSeconds
}

import { parseAbi } from 'viem'
import type { SponsoredAction } from '../domain/authorization.ts'
import type { Address } from '../domain/bytes.ts'
import { costOf, permit2DepositCost } from './gas-table.ts'
import { hasAuthorizations } from './permit2-allowance.ts'
import type { Rpc } from './rpc.ts'

/** Base and Base Sepolia: rollups of the OP stack, which charge for their first layer's data besides. */
const opStackChainIds = [8453, 84532]
const gasPriceOracle: Address = '0x420000000000000000000000000000000000000F'
const gasPriceOracleAbi = parseAbi([
  'function getL1FeeUpperBound(uint256 unsignedTxSize) view returns (uint256)',
])

/**
 * Returns what sending an action would cost now, in wei: measured gas at the most that a gas may come to within the
 * next blocks (1.2 times the base fee, and a tip), and on Base the upper bound of the data fee on top.
 */
export async function gasCost(action: SponsoredAction, channels: number, rpc: Rpc): Promise<bigint> {
  const isByPermit2 = action === 'deposit' && !(await hasAuthorizations(rpc))
  const { gas, bytes } = isByPermit2 ? permit2DepositCost : costOf(action, rpc.network, channels)
  const [{ maxFeePerGas }, dataFeeWei] = await Promise.all([
    rpc.client.estimateFeesPerGas(),
    readDataFee(bytes, rpc),
  ])
  return gas * maxFeePerGas + dataFeeWei
}

/** Returns what a rollup takes for posting so many bytes to its first layer, in wei; nothing elsewhere. */
export function readDataFee(bytes: number, { client, network }: Rpc): Promise<bigint> {
  if (!opStackChainIds.includes(network.chainId)) return Promise.resolve(0n)
  return client.readContract({
    address: gasPriceOracle,
    abi: gasPriceOracleAbi,
    functionName: 'getL1FeeUpperBound',
    args: [BigInt(Math.ceil(bytes))],
  })
}

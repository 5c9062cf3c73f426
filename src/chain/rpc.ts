import { type Chain, type PublicClient, createPublicClient, defineChain, http } from 'viem'
import { type Network, isLocalChain } from '../domain/network.ts'
import { ChainError } from '../errors/index.ts'

/** How long to wait for what. */
export type ChainTiming = {
  requestTimeoutMs: number
  /** How long a transaction may take until it counts as unconfirmed. */
  receiptTimeoutMs: number
  pollingMs: number
  /** Blocks, its own included, that a transaction must have before it counts. */
  confirmations: number
}

/** How a chain is dealt with, where it is not as usual. */
export type ChainOptions = Partial<ChainTiming> & {
  /**
   * How many times as much as is usual a transaction may pay as a base fee, so that it does not get stuck when that
   * rises. What is not needed is not spent; the account must have it.
   */
  baseFeeHeadroom?: bigint
}

const publicTiming: ChainTiming = {
  requestTimeoutMs: 15_000,
  receiptTimeoutMs: 60_000,
  pollingMs: 1_000,
  confirmations: 2,
}
const localTiming: ChainTiming = { ...publicTiming, pollingMs: 100, confirmations: 1 }

/** Anvil would propose a tip that is hundreds of times a layer-2 chain's. */
const localTipWei = 1_000_000n

/** A connection to the chain's JSON-RPC endpoint. */
export type Rpc = {
  readonly network: Network
  readonly client: PublicClient
  readonly timing: ChainTiming
  readonly baseFeeHeadroom: bigint
  /**
   * Makes sure, once, that the endpoint speaks for the chain it should.
   * @throws ChainError `chain/wrong-network`
   */
  checkNetwork(): Promise<void>
}

/** Returns a network as viem and wallets describe it. */
export function networkChain(network: Network): Chain {
  return defineChain({
    id: network.chainId,
    name: network.name,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [network.rpcUrl] } },
    ...(isLocalChain(network) && { fees: { maxPriorityFeePerGas: localTipWei } }),
    ...(network.explorerUrl && {
      blockExplorers: { default: { name: 'Explorer', url: network.explorerUrl } },
    }),
  })
}

/** Connects to a network's endpoint. Requests made at the same moment travel in one batch. */
export function createRpc(network: Network, { baseFeeHeadroom = 1n, ...changed }: ChainOptions = {}): Rpc {
  const timing = { ...(isLocalChain(network) ? localTiming : publicTiming), ...changed }
  const client = createPublicClient({
    chain: networkChain(network),
    transport: http(network.rpcUrl, { batch: true, timeout: timing.requestTimeoutMs, retryCount: 1 }),
    pollingInterval: timing.pollingMs,
  })
  let checked = false
  return {
    network,
    client,
    timing,
    baseFeeHeadroom,
    async checkNetwork() {
      if (checked) return
      const chainId = await client.getChainId()
      if (chainId !== network.chainId) {
        const message = `The endpoint serves chain ${chainId} in place of ${network.chainId}.`
        throw new ChainError('chain/wrong-network', message)
      }
      checked = true
    },
  }
}

import type { Address } from './bytes.ts'

/** Where the money is and who introduces tabs. Configuration, served as `network.json`. */
export type Network = {
  /** In words for people, such as `Local chain`. */
  name: string
  chainId: number
  rpcUrl: string
  /** Dollar token with six decimals and EIP-3009; without that, deposits go by Permit2 and the rest needs gas. */
  token: Address
  /** x402 batch-settlement contract. */
  settlement: Address
  /** Deposit collector that takes EIP-3009 authorisations. */
  collector: Address
  /** Deposit collector that takes Permit2 signatures, for a token without EIP-3009. */
  permit2Collector?: Address
  /** Receiver of channels that holds a part of each provider's earnings as bond. */
  bond?: Address
  /** Registry of models, their publishers and royalties. */
  registry?: Address
  /** Multiaddrs of relays, with their peer ids. */
  relays: string[]
  /** STUN servers that tell tabs their public address, such as `stun:stun.example.org`; not needed on one machine. */
  stunUrls?: string[]
  /** Web page that shows this chain's transactions at `/tx/<hash>` and accounts at `/address/<address>`. */
  explorerUrl?: string
}

/** Chain id of a development chain (anvil, hardhat). */
export const localChainId = 31337

/** Test money and development keys exist on this chain alone. */
export function isLocalChain(network: Pick<Network, 'chainId'>): boolean {
  return network.chainId === localChainId
}

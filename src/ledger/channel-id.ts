import { hashTypedData } from 'viem'
import type { Hex } from '../domain/bytes.ts'
import type { ChannelConfig } from '../domain/channel.ts'
import type { Network } from '../domain/network.ts'
import { channelConfigTypes, settlementDomain } from './typed-data.ts'

/** Returns a channel's id: the EIP-712 hash of its terms under the settlement contract's domain. */
export function channelIdOf(config: ChannelConfig, network: Pick<Network, 'chainId' | 'settlement'>): Hex {
  return hashTypedData({
    domain: settlementDomain(network),
    types: channelConfigTypes,
    primaryType: 'ChannelConfig',
    message: config,
  })
}

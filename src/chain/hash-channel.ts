import { hashTypedData } from 'viem'
import type { Hex } from '../domain/bytes.ts'
import type { ChannelConfig } from '../domain/channel.ts'
import type { Network } from '../domain/network.ts'
import { channelConfigTypes, settlementDomain } from '../domain/settlement-types.ts'

/** Returns a channel's id, as the contract's `getChannelId` does. */
export function hashChannel(config: ChannelConfig, network: Pick<Network, 'chainId' | 'settlement'>): Hex {
  return hashTypedData({
    domain: settlementDomain(network),
    types: channelConfigTypes,
    primaryType: 'ChannelConfig',
    message: config,
  })
}

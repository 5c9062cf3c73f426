import { concat, keccak256, numberToHex } from 'viem'
import type { DepositAuthorization } from '../domain/authorization.ts'
import type { Hex } from '../domain/bytes.ts'
import type { Network } from '../domain/network.ts'
import { channelIdOf } from './channel-id.ts'

/**
 * Returns what tells a signed deposit from every other: a hash over all of it. What was signed alone would not, since a
 * wallet that is a contract may let the same signature pass for as many deposits as it likes.
 */
export function depositIdOf(
  { config, amount, collector, collectorData }: DepositAuthorization,
  network: Pick<Network, 'chainId' | 'settlement'>,
): Hex {
  const amountBytes = numberToHex(amount, { size: 32 })
  return keccak256(concat([channelIdOf(config, network), amountBytes, collector, collectorData]))
}

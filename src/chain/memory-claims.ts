import { type Address, type Hex, sameAddress } from '../domain/bytes.ts'
import type { ChannelClaim } from '../domain/channel.ts'
import type { Network } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { ClaimSeen } from '../ports/chain.ts'
import { creditBond, payFree } from './memory-bond.ts'
import { settle } from './memory-settlement.ts'
import type { MemoryState } from './memory-state.ts'

/** Settles to every receiver of the claims and to the sender, and beyond the bond to their providers. */
export function payOut(
  state: MemoryState,
  claims: ChannelClaim[],
  network: Network,
  nowSeconds: number,
  sender?: Address,
): MicroUsd {
  const { bond } = network
  const bonded = claims.filter(({ config }) => bond && sameAddress(config.receiver, bond))
  const receivers = new Set(claims.map(({ config }) => config.receiver.toLowerCase() as Address))
  if (sender) receivers.add(sender.toLowerCase() as Address)
  let settled = 0n
  for (const receiver of receivers) settled += settle(state, receiver)
  for (const { config } of bonded) creditBond(state, config, network, nowSeconds)
  for (const { config } of bonded) payFree(state, config.receiverAuthorizer, bond!, nowSeconds)
  return settled
}

/** Returns the claims on a channel from a time on, oldest first. */
export function claimsIn({ claims }: MemoryState, channelId: Hex, sinceSeconds: number): ClaimSeen[] {
  return claims
    .filter((claim) => claim.channelId === channelId && claim.atSeconds >= sinceSeconds)
    .map(({ transaction, atSeconds, totalClaimed }) => ({ transaction, atSeconds, totalClaimed }))
}

/** Writes down which channels a transaction has claimed, as the contract's events would. */
export function noteClaims(
  before: MemoryState,
  after: MemoryState,
  transaction: Hex,
  atSeconds: number,
): void {
  for (const [channelId, { totalClaimed }] of after.channels) {
    if (totalClaimed <= (before.channels.get(channelId)?.totalClaimed ?? 0n)) continue
    after.claims.push({ channelId, transaction, atSeconds, totalClaimed })
  }
}

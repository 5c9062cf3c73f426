import type { Address } from '../domain/bytes.ts'
import type { BondAccount } from '../domain/bond.ts'
import { sameAddress } from '../domain/bytes.ts'
import type { ChannelConfig } from '../domain/channel.ts'
import type { Network } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import { bondPeriodSeconds, heldPeriods, localBondTerms, longestHoldSeconds } from './bond-terms.ts'
import { hashChannel } from './hash-channel.ts'
import { type MemoryBondAccount, type MemoryState, addBalance, channelOf, refusal } from './memory-state.ts'
import { settle } from './memory-settlement.ts'

const periodSeconds = bondPeriodSeconds(localBondTerms.holdSeconds)
const { targetMicroUsd } = localBondTerms

/** Credits what a channel brought to the bond: the royalty to the publisher that its salt names, the rest to its provider. */
export function creditBond(
  state: MemoryState,
  config: ChannelConfig,
  network: Network,
  nowSeconds: number,
): void {
  const { bond } = network
  if (!bond || !sameAddress(config.receiver, bond)) throw refusal('credit', 'ForeignChannel')
  const channelId = hashChannel(config, network)
  const { totalClaimed } = channelOf(state, channelId)
  const earned = totalClaimed - (state.credited.get(channelId) ?? 0n)
  if (earned === 0n) return
  state.credited.set(channelId, totalClaimed)
  settle(state, bond)
  const royalty = creditRoyalty(state, config, earned, nowSeconds)
  const account = bondAccount(state, config.receiverAuthorizer, nowSeconds)
  account.held.push({ period: periodAt(nowSeconds), amount: earned - royalty })
  freeAboveTarget(account)
  state.bonds.set(config.receiverAuthorizer.toLowerCase(), account)
}

function creditRoyalty(
  state: MemoryState,
  { salt }: ChannelConfig,
  earned: MicroUsd,
  nowSeconds: number,
): MicroUsd {
  const listing = state.listings.find(({ listingId }) => listingId === salt)
  if (!listing) return 0n
  const royalty = (earned * BigInt(listing.royaltyBps)) / 10_000n
  const account = bondAccount(state, listing.publisher, nowSeconds)
  account.free += royalty
  state.bonds.set(listing.publisher.toLowerCase(), account)
  return royalty
}

/** Pays an account what is free of its bond, and returns how much. */
export function payFree(state: MemoryState, owner: Address, bond: Address, nowSeconds: number): MicroUsd {
  const account = bondAccount(state, owner, nowSeconds)
  state.bonds.set(owner.toLowerCase(), { ...account, free: 0n })
  addBalance(state, bond, -account.free)
  addBalance(state, owner, account.free)
  return account.free
}

/** Returns an account as the contract shows it. */
export function readBond(state: MemoryState, owner: Address, nowSeconds: number): BondAccount {
  const { free, held } = bondAccount(state, owner, nowSeconds)
  const parts = [...Map.groupBy(held, ({ period }) => period)].map(([period, parts]) => ({
    amountMicroUsd: sumOf(parts),
    releaseAtSeconds: (period + heldPeriods + 1) * periodSeconds,
  }))
  return {
    freeMicroUsd: free,
    heldMicroUsd: sumOf(held),
    lockedMicroUsd: 0n,
    held: parts,
    targetMicroUsd,
    holdSeconds: longestHoldSeconds(periodSeconds),
    convictions: 0,
  }
}

/** Returns a copy of an account in which what was held long enough is free. */
function bondAccount({ bonds }: MemoryState, owner: Address, nowSeconds: number): MemoryBondAccount {
  const { free, held } = bonds.get(owner.toLowerCase()) ?? { free: 0n, held: [] }
  const isOver = ({ period }: { period: number }) => period + heldPeriods < periodAt(nowSeconds)
  const released = sumOf(held.filter(isOver))
  return { free: free + released, held: held.filter((part) => !isOver(part)) }
}

function freeAboveTarget(account: MemoryBondAccount): void {
  let excess = sumOf(account.held) - targetMicroUsd
  for (const part of account.held) {
    if (excess <= 0n) break
    const freed = part.amount < excess ? part.amount : excess
    part.amount -= freed
    account.free += freed
    excess -= freed
  }
  account.held = account.held.filter(({ amount }) => amount > 0n)
}

function sumOf(parts: { amount: MicroUsd }[]): MicroUsd {
  return parts.reduce((sum, { amount }) => sum + amount, 0n)
}

function periodAt(nowSeconds: number): number {
  return Math.floor(nowSeconds / periodSeconds)
}

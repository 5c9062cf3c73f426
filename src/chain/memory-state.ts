import type { Address, Hex } from '../domain/bytes.ts'
import type { ChannelState } from '../domain/channel.ts'
import type { ModelListing } from '../domain/model.ts'
import type { MicroUsd } from '../domain/price.ts'
import { ChainError } from '../errors/index.ts'
import type { ClaimSeen, ReceiverState } from '../ports/chain.ts'

/** A provider's money in the bond in memory. */
export type MemoryBondAccount = {
  free: MicroUsd
  /** Held earnings by the period that brought them. */
  held: { period: number; amount: MicroUsd }[]
}

/** Everything that the chain in memory remembers; addresses in lower case. */
export type MemoryState = {
  balances: Map<string, MicroUsd>
  /** Spent EIP-3009 nonces, each as `owner:nonce`. */
  spent: Set<string>
  channels: Map<Hex, ChannelState>
  /** Refunds that each channel has had. */
  refunds: Map<Hex, bigint>
  receivers: Map<string, ReceiverState>
  bonds: Map<string, MemoryBondAccount>
  /** What of each channel's claimed total has been credited in the bond. */
  credited: Map<Hex, MicroUsd>
  /** Claims on channels, oldest first. */
  claims: (ClaimSeen & { channelId: Hex })[]
  /** Models listed by their publishers, oldest first. */
  listings: ModelListing[]
}

/** Returns a chain on which nothing has happened. */
export function emptyState(): MemoryState {
  return {
    balances: new Map(),
    spent: new Set(),
    channels: new Map(),
    refunds: new Map(),
    receivers: new Map(),
    bonds: new Map(),
    credited: new Map(),
    claims: [],
    listings: [],
  }
}

/** Returns the token balance of an address. */
export function balanceOf({ balances }: MemoryState, owner: Address): MicroUsd {
  return balances.get(owner.toLowerCase()) ?? 0n
}

/** Adds to a token balance, or takes from it. */
export function addBalance(state: MemoryState, owner: Address, amount: MicroUsd): void {
  const balance = balanceOf(state, owner) + amount
  if (balance < 0n) throw refusal('transfer', 'ERC20InsufficientBalance')
  state.balances.set(owner.toLowerCase(), balance)
}

/** Returns what a channel holds; nothing when it is unknown. */
export function channelOf({ channels }: MemoryState, channelId: Hex): ChannelState {
  return channels.get(channelId) ?? { balance: 0n, totalClaimed: 0n, withdrawal: null }
}

/** Returns how many refunds a channel has had. */
export function refundsOf({ refunds }: MemoryState, channelId: Hex): bigint {
  return refunds.get(channelId) ?? 0n
}

/** Returns a receiver's sums. */
export function receiverOf({ receivers }: MemoryState, receiver: Address): ReceiverState {
  return receivers.get(receiver.toLowerCase()) ?? { totalClaimed: 0n, totalSettled: 0n }
}

/** Returns what a contract's revert becomes. */
export function refusal(doing: string, reason: string): ChainError {
  return new ChainError('chain/reverted', `The contract refused the ${doing}: ${reason}.`)
}

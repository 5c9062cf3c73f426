import type { Address, Hex } from '../domain/bytes.ts'
import type { ChannelClaim, ChannelConfig, ChannelState } from '../domain/channel.ts'
import type { Network } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Signer } from './signer.ts'

/** What a claim came to. */
export type ClaimResult = {
  /** Null when nothing was worth claiming. */
  transaction: Hex | null
  /** Money that reached the receiver's balance. */
  settledMicroUsd: MicroUsd
  /** Channels left out because they would have made the batch revert. */
  skipped: Hex[]
}

/** What a receiver has claimed and been paid over all its channels; the difference can be settled. */
export type ReceiverState = { totalClaimed: MicroUsd; totalSettled: MicroUsd }

/** The money's home. Every error is a `ChainError`. */
export interface Chain {
  readonly network: Network
  /** Token balance of an address. */
  balance(owner: Address): Promise<MicroUsd>
  /** Native coin for gas, in wei. */
  gasBalance(owner: Address): Promise<bigint>
  channel(channelId: Hex): Promise<ChannelState>
  receiver(receiver: Address): Promise<ReceiverState>
  /** Deposits into a channel through an EIP-3009 authorisation signed by the payer. Resolves once mined. */
  deposit(config: ChannelConfig, amount: MicroUsd, payer: Signer): Promise<Hex>
  /** Claims vouchers and settles the sum to the receiver. Simulated first; what would revert is left out. */
  claim(claims: ChannelClaim[], receiver: Signer): Promise<ClaimResult>
  /** Announces that the payer takes unspent money back after the channel's delay. */
  initiateWithdraw(config: ChannelConfig, amount: MicroUsd, payer: Signer): Promise<Hex>
  finalizeWithdraw(config: ChannelConfig, payer: Signer): Promise<Hex>
  /**
   * Gives test dollars and gas, on the local chain alone.
   * @throws ChainError `chain/not-local` elsewhere
   */
  faucet(owner: Address, amount: MicroUsd): Promise<void>
}

import type {
  AuthorizationState,
  ClaimAuthorization,
  DepositAuthorization,
  SpendAuthorization,
  SponsoredAction,
  TransferAuthorization,
} from '../domain/authorization.ts'
import type { BondAccount } from '../domain/bond.ts'
import type { Address, Hex } from '../domain/bytes.ts'
import type { ChannelClaim, ChannelConfig, ChannelState } from '../domain/channel.ts'
import type { Network } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Signer } from './signer.ts'

/** What a claim came to. */
export type ClaimResult = {
  /** Null when nothing was worth claiming; the last one where the claim took more than one. */
  transaction: Hex | null
  /** Money that reached the receivers' balances, or the bond in their providers' name. */
  settledMicroUsd: MicroUsd
  /** Channels left out because they would have made the batch revert. */
  skipped: Hex[]
}

/** What a receiver has claimed and been paid over all its channels; the difference can be settled. */
export type ReceiverState = { totalClaimed: MicroUsd; totalSettled: MicroUsd }

/** A claim on a channel, whoever made it. */
export type ClaimSeen = {
  transaction: Hex
  /** Unix time in seconds of its block. */
  atSeconds: number
  /** Claimed from the channel in all since then. */
  totalClaimed: MicroUsd
}

/** Asked once a transaction would pass, before it is signed. What it throws stops it and comes out as it is. */
export type Admit = () => Promise<void>

/** How a refund is made. */
export type RefundOptions = {
  /** It happens as this refund of its channel, counted from 0, or never: sent twice it happens once. */
  number?: bigint
  admit?: Admit
}

/** The money's home. Every error is a `ChainError`. */
export interface Chain {
  readonly network: Network
  /** Token balance of an address. */
  balance(owner: Address): Promise<MicroUsd>
  /** Native coin for gas, in wei. */
  gasBalance(owner: Address): Promise<bigint>
  channel(channelId: Hex): Promise<ChannelState>
  receiver(receiver: Address): Promise<ReceiverState>
  /** Returns the claims on a channel from a Unix time in seconds on, oldest first; of long ago, a node may tell nothing. */
  claimsOn(channelId: Hex, sinceSeconds: number): Promise<ClaimSeen[]>
  /** Deposits into a channel in a transaction of the payer's own. Resolves once mined. */
  deposit(config: ChannelConfig, amount: MicroUsd, payer: Signer): Promise<Hex>
  /** Signs a deposit that anybody may send: by EIP-3009, or by Permit2 where the token has none. */
  authorizeDeposit(config: ChannelConfig, amount: MicroUsd, payer: Signer): Promise<DepositAuthorization>
  /** Sends somebody's signed deposit, with gas from the sender. Resolves once mined. */
  submitDeposit(deposit: DepositAuthorization, sender: Signer, admit?: Admit): Promise<Hex>
  /** What became of a signed deposit or move of money, by its nonce: no other like it is taken for it. */
  authorizationState(signed: SpendAuthorization): Promise<AuthorizationState>
  /**
   * Claims vouchers and settles the sum to the receiver. Simulated first; what would revert is left out.
   * What the bond receives is credited to its provider, and what is free of it is paid out, all at once.
   */
  claim(claims: ChannelClaim[], receiver: Signer): Promise<ClaimResult>
  /**
   * Signs a batch of claims, as their receiver authorizer, that anybody may send. Simulated first; what would revert
   * or bring nothing is left out, and so is what exceeds one transaction. Without claims left nothing is signed.
   */
  authorizeClaim(claims: ChannelClaim[], receiverAuthorizer: Signer): Promise<ClaimAuthorization>
  /**
   * Sends somebody's signed claims, settles the sum to their receivers (by way of the bond, pays out what is free),
   * and collects the fee in the same transaction: all of it happens or nothing. Where the claims bring nothing any
   * more, nothing is sent and no fee taken.
   */
  submitClaim(
    claim: ClaimAuthorization,
    fee: TransferAuthorization | null,
    sender: Signer,
    admit?: Admit,
  ): Promise<ClaimResult>
  /**
   * Signs a move of the owner's money that anybody may send (EIP-3009). One that is signed in place of another has its
   * nonce, so that only one of both can ever happen.
   */
  authorizeTransfer(
    to: Address,
    amount: MicroUsd,
    owner: Signer,
    inPlaceOf?: TransferAuthorization,
  ): Promise<TransferAuthorization>
  /** Sends signed moves of money, all in one transaction or none. What the bond holds free is paid to each owner first. */
  submitTransfers(transfers: TransferAuthorization[], sender: Signer, admit?: Admit): Promise<Hex>
  /** Claims `claim`, if any, and gives the rest of a channel back to its payer at once. Returns what went back. */
  refund(
    config: ChannelConfig,
    claim: ChannelClaim | null,
    receiver: Signer,
    options?: RefundOptions,
  ): Promise<{ transaction: Hex; refundedMicroUsd: MicroUsd }>
  /** Refunds that a channel has had so far. */
  refunds(channelId: Hex): Promise<bigint>
  /** A provider's money in the earnings bond; null on a network without one. */
  bond(provider: Address): Promise<BondAccount | null>
  /** Credits what these channels brought to the bond, and pays an account what is free. Returns what was paid. */
  withdrawBond(
    configs: ChannelConfig[],
    account: Address,
    sender: Signer,
  ): Promise<{ transaction: Hex; paidMicroUsd: MicroUsd }>
  /** What sending this would cost now, in wei: gas by measured amounts, times the current price. */
  gasCost(action: SponsoredAction, channels?: number): Promise<bigint>
  /** Announces that the payer takes unspent money back after the channel's delay. */
  initiateWithdraw(config: ChannelConfig, amount: MicroUsd, payer: Signer): Promise<Hex>
  finalizeWithdraw(config: ChannelConfig, payer: Signer): Promise<Hex>
  /**
   * Gives test dollars and gas, on the local chain alone.
   * @throws ChainError `chain/not-local` elsewhere
   */
  faucet(owner: Address, amount: MicroUsd): Promise<void>
}

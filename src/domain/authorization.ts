import type { Address, Hex } from './bytes.ts'
import type { ChannelClaim, ChannelConfig } from './channel.ts'
import type { MicroUsd } from './price.ts'

/** A signed deposit that anybody may send: the collector moves the payer's money into the channel, once. */
export type DepositAuthorization = {
  config: ChannelConfig
  amount: MicroUsd
  /** Contract that takes the money: by EIP-3009, or by Permit2 where the token has no EIP-3009. */
  collector: Address
  /** ABI-encoded signature and its terms, as the collector takes them. */
  collectorData: Hex
}

/** A claim of many channels that their receiver authorizer signed as one batch (x402 `ClaimBatch`). */
export type ClaimAuthorization = { claims: ChannelClaim[]; signature: Hex }

/** EIP-3009 `TransferWithAuthorization` and its signature: moves money once, whoever sends it. */
export type TransferAuthorization = {
  from: Address
  to: Address
  amount: MicroUsd
  /** Unix time in seconds. */
  validBeforeSeconds: number
  nonce: Hex
  signature: Hex
}

/** Money that its owner has let go of by a signature: it moves once, whoever sends it. */
export type SpendAuthorization = DepositAuthorization | TransferAuthorization

/** What became of a signed deposit or move of money: it may still happen, it has happened, or it never will. */
export type AuthorizationState = 'open' | 'used' | 'ended'

/** What a hub sends to the chain for somebody who has no gas. */
export type SponsoredAction = 'deposit' | 'claim' | 'refund' | 'transfer'

/** What a hub asks for sending something: its gas, turned into dollars. */
export type FeeQuote = { feeMicroUsd: MicroUsd; expiresAtSeconds: number }

import type { Address, Hex } from './bytes.ts'
import type { MicroUsd } from './price.ts'

/** Shortest notice of a withdrawal that leaves a provider time to claim: the settlement contract's minimum. */
export const minWithdrawDelaySeconds = 15 * 60

/** What is put into a channel at a time, so that one deposit serves many answers. */
export const depositMicroUsd: MicroUsd = 1_000_000n

/** Immutable terms of a payment channel (x402 batch-settlement); its EIP-712 hash is the channel id. */
export type ChannelConfig = {
  payer: Address
  /** Key that signs vouchers: a session key in the tab. */
  payerAuthorizer: Address
  receiver: Address
  receiverAuthorizer: Address
  token: Address
  /** Seconds between a payer's announced withdrawal and the money leaving. */
  withdrawDelay: number
  salt: Hex
}

/** Cumulative ceiling that the receiver may claim, signed by the payer's authorizer. */
export type Voucher = { channelId: Hex; maxClaimableAmount: MicroUsd; signature: Hex }

/** What the chain knows of a channel. Amounts in the token's smallest unit. */
export type ChannelState = {
  /** Deposited and not yet withdrawn or refunded, claimed money included. */
  balance: MicroUsd
  totalClaimed: MicroUsd
  /** A withdrawal that the payer has announced; final once the channel's delay has passed since. */
  withdrawal: { amount: MicroUsd; initiatedAtSeconds: number } | null
}

/** One line of a claim: a voucher and how much of it to take in total. */
export type ChannelClaim = { config: ChannelConfig; voucher: Voucher; totalClaimed: MicroUsd }

/** Returns what a voucher promises; nothing without one. */
export function promisedBy(voucher: Voucher | null | undefined): MicroUsd {
  return voucher?.maxClaimableAmount ?? 0n
}

/** Returns what of a promise claims can take in total: as much as the deposit covers. */
export function coveredOf(promised: MicroUsd, { balance }: ChannelState): MicroUsd {
  return promised < balance ? promised : balance
}

/** Returns what of a promise, covered and not yet claimed, the channel's announced withdrawal would leave uncovered. */
export function atStakeOf(promised: MicroUsd, state: ChannelState): MicroUsd {
  const { balance, totalClaimed, withdrawal } = state
  const left = balance - (withdrawal?.amount ?? 0n)
  // What is claimed cannot be withdrawn, whatever was announced.
  const uncovered = coveredOf(promised, state) - (left > totalClaimed ? left : totalClaimed)
  return uncovered > 0n ? uncovered : 0n
}

/** Returns what of a channel is promised or claimed: a claim counts even where its voucher was lost. */
export function usedOf(voucher: Voucher | null, { totalClaimed }: ChannelState): MicroUsd {
  const promised = promisedBy(voucher)
  return promised > totalClaimed ? promised : totalClaimed
}

import { recoverTypedDataAddress } from 'viem'
import { type Address, type Hex, sameAddress } from '../domain/bytes.ts'
import { isCanonicalSignature } from '../domain/canonical-signature.ts'
import {
  type ChannelClaim,
  type ChannelConfig,
  type ChannelState,
  minWithdrawDelaySeconds,
} from '../domain/channel.ts'
import type { Network } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import { settlementDomain, voucherTypes } from '../domain/settlement-types.ts'
import { claimBatch } from './authorize-claim.ts'
import { hashChannel } from './hash-channel.ts'
import { type MemoryState, addBalance, channelOf, receiverOf, refundsOf, refusal } from './memory-state.ts'

const maxWithdrawDelaySeconds = 30 * 24 * 3600

/** Claims one line, whoever may send it, and returns the contract's error, or null. */
export async function redeem(
  state: MemoryState,
  { config, voucher, totalClaimed }: ChannelClaim,
  network: Network,
): Promise<string | null> {
  const channelId = hashChannel(config, network)
  const isSigned = await isVoucherSigned(channelId, { voucher, config }, network)
  const channel = channelOf(state, channelId)
  if (totalClaimed <= channel.totalClaimed) return null
  if (totalClaimed > voucher.maxClaimableAmount) return 'ClaimExceedsCeiling'
  if (totalClaimed > channel.balance) return 'ClaimExceedsBalance'
  if (!isSigned) return 'InvalidSignature'

  const earned = receiverOf(state, config.receiver)
  const rise = totalClaimed - channel.totalClaimed
  state.channels.set(channelId, { ...channel, totalClaimed })
  state.receivers.set(config.receiver.toLowerCase(), { ...earned, totalClaimed: earned.totalClaimed + rise })
  return null
}

async function isVoucherSigned(
  channelId: Hex,
  { voucher, config }: Pick<ChannelClaim, 'voucher' | 'config'>,
  network: Network,
): Promise<boolean> {
  const { maxClaimableAmount, signature } = voucher
  const signer = await recoverTypedDataAddress({
    domain: settlementDomain(network),
    types: voucherTypes,
    primaryType: 'Voucher',
    message: { channelId, maxClaimableAmount },
    signature,
  }).catch(() => null)
  return signer !== null && sameAddress(signer, config.payerAuthorizer) && isCanonicalSignature(signature)
}

/** Pays a receiver what was claimed and not settled, and returns how much. */
export function settle(state: MemoryState, receiver: Address): MicroUsd {
  const { totalClaimed, totalSettled } = receiverOf(state, receiver)
  state.receivers.set(receiver.toLowerCase(), { totalClaimed, totalSettled: totalClaimed })
  addBalance(state, receiver, totalClaimed - totalSettled)
  return totalClaimed - totalSettled
}

/** Claims what a channel owes and gives the rest back to its payer, as refund `number` if any. Returns what went back. */
export async function refund(
  state: MemoryState,
  { config, claim, number, receiver }: RefundOrder,
  network: Network,
): Promise<MicroUsd> {
  if (!isReceiverSide(config, receiver)) throw refusal('refund', 'NotAuthorizedToRefund')
  const wrong = claim && (await redeem(state, claim, network))
  if (wrong) throw refusal('refund', wrong)
  const channelId = hashChannel(config, network)
  const refunds = refundsOf(state, channelId)
  if (number !== undefined && number !== refunds) throw refusal('refund', 'InvalidRefundNonce')
  state.refunds.set(channelId, refunds + 1n)
  const channel = channelOf(state, channelId)
  const rest = unclaimed(channel)
  if (rest === 0n) return 0n
  state.channels.set(channelId, { ...channel, balance: channel.balance - rest, withdrawal: null })
  addBalance(state, config.payer, rest)
  return rest
}

type RefundOrder = {
  config: ChannelConfig
  claim: ChannelClaim | null
  number: bigint | undefined
  receiver: Address
}

/** Returns the contract's error about a channel's terms, or null. */
export function termsError({ receiver, withdrawDelay }: ChannelConfig): string | null {
  if (BigInt(receiver) === 0n) return 'InvalidChannel'
  const isDelayAllowed = withdrawDelay >= minWithdrawDelaySeconds && withdrawDelay <= maxWithdrawDelaySeconds
  return isDelayAllowed ? null : 'WithdrawDelayOutOfRange'
}

/** Whether an account may claim and refund a channel. */
export function isReceiverSide({ receiver, receiverAuthorizer }: ChannelConfig, sender: Address): boolean {
  return sameAddress(receiver, sender) || sameAddress(receiverAuthorizer, sender)
}

/** Whether an account may withdraw from a channel. */
export function isPayerSide({ payer, payerAuthorizer }: ChannelConfig, sender: Address): boolean {
  return sameAddress(payer, sender) || sameAddress(payerAuthorizer, sender)
}

/** Returns what a channel holds beyond what was claimed. */
export function unclaimed({ balance, totalClaimed }: ChannelState): MicroUsd {
  return balance - totalClaimed
}

/** Makes sure that the one receiver authorizer of all claims has signed them as a batch. */
export async function checkBatch(claims: ChannelClaim[], signature: Hex, network: Network): Promise<void> {
  const authorizer = claims[0]?.config.receiverAuthorizer
  if (!authorizer) throw refusal('claim', 'EmptyBatch')
  const batch = { ...claimBatch(claims, network), signature }
  const signer = await recoverTypedDataAddress(batch).catch(() => null)
  if (signer === null || !sameAddress(signer, authorizer)) throw refusal('claim', 'InvalidSignature')
  const isTheirs = claims.every(({ config }) => sameAddress(config.receiverAuthorizer, authorizer))
  if (!isTheirs) throw refusal('claim', 'NotReceiverAuthorizer')
}

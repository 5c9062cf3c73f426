import type { Address } from '../domain/bytes.ts'
import type { ChannelConfig } from '../domain/channel.ts'
import type { Network } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import { hashChannel } from './hash-channel.ts'
import * as settlement from './memory-settlement.ts'
import { type MemoryState, addBalance, channelOf, refusal } from './memory-state.ts'

/** Announces a withdrawal by the contract's rules. */
export function initiate(
  state: MemoryState,
  config: ChannelConfig,
  amount: MicroUsd,
  sender: Address,
  network: Network,
  nowSeconds: number,
): void {
  if (!settlement.isPayerSide(config, sender)) throw refusal('withdrawal', 'InvalidChannel')
  const channelId = hashChannel(config, network)
  const channel = channelOf(state, channelId)
  if (amount === 0n) throw refusal('withdrawal', 'NothingToWithdraw')
  if (channel.withdrawal) throw refusal('withdrawal', 'WithdrawalAlreadyPending')
  if (amount > settlement.unclaimed(channel)) throw refusal('withdrawal', 'WithdrawAmountExceedsAvailable')
  state.channels.set(channelId, { ...channel, withdrawal: { amount, initiatedAtSeconds: nowSeconds } })
}

/** Pays out a withdrawal whose delay is over. */
export function finalize(
  state: MemoryState,
  config: ChannelConfig,
  sender: Address,
  network: Network,
  nowSeconds: number,
): void {
  if (!settlement.isPayerSide(config, sender)) throw refusal('withdrawal', 'NotAuthorizedToFinalizeWithdraw')
  const channelId = hashChannel(config, network)
  const channel = channelOf(state, channelId)
  const { withdrawal } = channel
  if (!withdrawal) throw refusal('withdrawal', 'WithdrawalNotPending')
  if (nowSeconds < withdrawal.initiatedAtSeconds + config.withdrawDelay) {
    throw refusal('withdrawal', 'WithdrawDelayNotElapsed')
  }
  const left = settlement.unclaimed(channel)
  const amount = withdrawal.amount < left ? withdrawal.amount : left
  state.channels.set(channelId, { ...channel, balance: channel.balance - amount, withdrawal: null })
  addBalance(state, config.payer, amount)
}

import { type Log, encodeFunctionData, maxUint128, parseEventLogs } from 'viem'
import type { ChannelClaim, ChannelConfig } from '../domain/channel.ts'
import type { Network } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { claimLine } from './claim-calls.ts'
import type { Call } from './send-transaction.ts'

const abi = batchSettlementAbi

/** Returns the call that claims what a channel owes and gives all the rest back, in one transaction. */
export function refundCall(
  config: ChannelConfig,
  claim: ChannelClaim | null,
  { settlement }: Pick<Network, 'settlement'>,
): Call {
  // The contract takes what is unclaimed for any amount above it, so nothing is left that came in meanwhile.
  const refund = encodeFunctionData({ abi, functionName: 'refund', args: [config, maxUint128] })
  const claims = claim ? [encodeFunctionData({ abi, functionName: 'claim', args: [[claimLine(claim)]] })] : []
  const data = encodeFunctionData({ abi, functionName: 'multicall', args: [[...claims, refund]] })
  return { to: settlement, data }
}

/** Returns what a transaction gave back. */
export function refundedIn(logs: Log[]): MicroUsd {
  const refunded = parseEventLogs({ abi, eventName: 'Refunded', logs })
  return refunded.reduce((sum, { args }) => sum + args.amount, 0n)
}

import { encodeFunctionData, maxUint128, parseEventLogs } from 'viem'
import type { Hex } from '../domain/bytes.ts'
import type { ChannelClaim, ChannelConfig } from '../domain/channel.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Signer } from '../ports/signer.ts'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { claimLine } from './claim-calls.ts'
import type { Rpc } from './rpc.ts'
import type { SendTransaction } from './send-transaction.ts'

const abi = batchSettlementAbi

/** Claims what a channel owes and gives all the rest back, in one transaction. */
export async function refundChannel(
  config: ChannelConfig,
  claim: ChannelClaim | null,
  receiver: Signer,
  { network }: Rpc,
  send: SendTransaction,
): Promise<{ transaction: Hex; refundedMicroUsd: MicroUsd }> {
  // The contract takes what is unclaimed for any amount above it, so nothing is left that came in meanwhile.
  const refund = encodeFunctionData({ abi, functionName: 'refund', args: [config, maxUint128] })
  const claims = claim ? [encodeFunctionData({ abi, functionName: 'claim', args: [[claimLine(claim)]] })] : []
  const data = encodeFunctionData({ abi, functionName: 'multicall', args: [[...claims, refund]] })
  const { transactionHash, logs } = await send(receiver, { to: network.settlement, data })
  const refunded = parseEventLogs({ abi, eventName: 'Refunded', logs })
  const refundedMicroUsd = refunded.reduce((sum, { args }) => sum + args.amount, 0n)
  return { transaction: transactionHash, refundedMicroUsd }
}

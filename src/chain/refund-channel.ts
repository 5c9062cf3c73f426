import { type Log, encodeFunctionData, maxUint128, parseEventLogs } from 'viem'
import type { Hex } from '../domain/bytes.ts'
import type { ChannelClaim, ChannelConfig } from '../domain/channel.ts'
import type { Network } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import { refundTypes, settlementDomain } from '../domain/settlement-types.ts'
import type { Signer } from '../ports/signer.ts'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { claimLine } from './claim-calls.ts'
import { hashChannel } from './hash-channel.ts'
import type { Call } from './send-transaction.ts'

const abi = batchSettlementAbi
/** The contract takes what is unclaimed for any amount above it, so nothing is left that came in meanwhile. */
const amount = maxUint128

/** Returns the call that claims what a channel owes and gives all the rest back, in one transaction. */
export async function refundCall(
  config: ChannelConfig,
  claim: ChannelClaim | null,
  receiver: Signer,
  number: bigint | undefined,
  network: Pick<Network, 'chainId' | 'settlement'>,
): Promise<Call> {
  const refund =
    number === undefined
      ? encodeFunctionData({ abi, functionName: 'refund', args: [config, amount] })
      : await numberedRefund(config, receiver, number, network)
  const claims = claim ? [encodeFunctionData({ abi, functionName: 'claim', args: [[claimLine(claim)]] })] : []
  const data = encodeFunctionData({ abi, functionName: 'multicall', args: [[...claims, refund]] })
  return { to: network.settlement, data }
}

/** Only a signed refund carries its number, also where who signs it sends it. */
async function numberedRefund(
  config: ChannelConfig,
  receiver: Signer,
  nonce: bigint,
  network: Pick<Network, 'chainId' | 'settlement'>,
): Promise<Hex> {
  const signature = await receiver.signTypedData({
    domain: settlementDomain(network),
    types: refundTypes,
    primaryType: 'Refund',
    message: { channelId: hashChannel(config, network), nonce, amount },
  })
  return encodeFunctionData({
    abi,
    functionName: 'refundWithSignature',
    args: [config, amount, nonce, signature],
  })
}

/** Returns what a transaction gave back. */
export function refundedIn(logs: Log[]): MicroUsd {
  const refunded = parseEventLogs({ abi, eventName: 'Refunded', logs })
  return refunded.reduce((sum, { args }) => sum + args.amount, 0n)
}

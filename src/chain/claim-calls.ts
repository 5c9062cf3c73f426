import { encodeFunctionData } from 'viem'
import { type Address, type Hex, sameAddress } from '../domain/bytes.ts'
import type { ChannelClaim } from '../domain/channel.ts'
import type { Network } from '../domain/network.ts'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { bondCall } from './earnings-bond.ts'
import type { Call } from './send-transaction.ts'

const abi = batchSettlementAbi

/** Returns one line of a claim as the contract takes it. */
export function claimLine({ config, voucher, totalClaimed }: ChannelClaim) {
  const { maxClaimableAmount, signature } = voucher
  return { voucher: { channel: config, maxClaimableAmount }, signature, totalClaimed }
}

/** Whether a claim's money goes to the bond. */
export function isBonded({ config }: ChannelClaim, { bond }: Network): boolean {
  return bond !== undefined && sameAddress(config.receiver, bond)
}

/** Returns the call by which a receiver's side claims and settles. */
export function ownClaimCall(claims: ChannelClaim[], receivers: Iterable<Address>, network: Network): Call {
  const claim = encodeFunctionData({ abi, functionName: 'claim', args: [claims.map(claimLine)] })
  return settlementCall([...(claims.length > 0 ? [claim] : []), ...settles(receivers, network)], network)
}

/** Returns the calls by which anybody brings signed claims: claim, settle, and credit and pay out by the bond. */
export function signedClaimCalls(
  claims: ChannelClaim[],
  signature: Hex,
  network: Network,
): [Call, ...Call[]] {
  const claim = encodeFunctionData({
    abi,
    functionName: 'claimWithSignature',
    args: [claims.map(claimLine), signature],
  })
  const direct = claims.filter((line) => !isBonded(line, network)).map(({ config }) => config.receiver)
  const bonded = claims.filter((line) => isBonded(line, network)).map(({ config }) => config)
  const settled = settlementCall([claim, ...settles(direct, network)], network)
  if (!network.bond || bonded.length === 0) return [settled]
  const providers = bonded.map(({ receiverAuthorizer }) => receiverAuthorizer)
  return [settled, bondCall(network.bond, bonded, providers)]
}

function settles(receivers: Iterable<Address>, { token }: Network): Hex[] {
  const distinct = new Set([...receivers].map((receiver) => receiver.toLowerCase() as Address))
  return [...distinct].map((receiver) =>
    encodeFunctionData({ abi, functionName: 'settle', args: [receiver, token] }),
  )
}

function settlementCall(calls: Hex[], { settlement }: Network): Call {
  const [only] = calls
  if (only !== undefined && calls.length === 1) return { to: settlement, data: only }
  return { to: settlement, data: encodeFunctionData({ abi, functionName: 'multicall', args: [calls] }) }
}

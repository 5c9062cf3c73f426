import { type Log, parseEventLogs } from 'viem'
import type { Address } from '../domain/bytes.ts'
import type { ChannelClaim } from '../domain/channel.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { ClaimResult } from '../ports/chain.ts'
import type { Signer } from '../ports/signer.ts'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { signClaims } from './authorize-claim.ts'
import { callTogether } from './call-together.ts'
import { isBonded, ownClaimCall, signedClaimCalls } from './claim-calls.ts'
import type { Rpc } from './rpc.ts'
import type { Call, SendTransaction } from './send-transaction.ts'
import { isUnsettled, siftClaims } from './sift-claims.ts'

/** Claims and settles in one transaction for each slice. Lines that would make it revert are left out and named. */
export async function claimVouchers(
  claims: ChannelClaim[],
  receiver: Signer,
  rpc: Rpc,
  send: SendTransaction,
): Promise<ClaimResult> {
  const { slices, skipped } = await siftClaims(claims, receiver.address, rpc)
  const result: ClaimResult = { transaction: null, settledMicroUsd: 0n, skipped }
  for (const call of await callsOf(slices, receiver, rpc)) {
    const { transactionHash, logs } = await send(receiver, call)
    result.transaction = transactionHash
    result.settledMicroUsd += settledIn(logs)
  }
  return result
}

/** Returns what a transaction settled, to whichever receivers. */
export function settledIn(logs: Log[]): MicroUsd {
  const settled = parseEventLogs({ abi: batchSettlementAbi, eventName: 'Settled', logs })
  return settled.reduce((sum, { args }) => sum + args.amount, 0n)
}

async function callsOf(slices: ChannelClaim[][], receiver: Signer, rpc: Rpc): Promise<Call[]> {
  const calls: Call[] = []
  for (const slice of slices) calls.push(...(await sliceCalls(slice, receiver, rpc)))
  if (calls.length === 0 && (await isUnsettled(receiver.address, rpc))) {
    calls.push(ownClaimCall([], [receiver.address], rpc.network))
  }
  return calls
}

/** What goes to the bond is signed, because the bond's part of it is called together with the contract's. */
async function sliceCalls(slice: ChannelClaim[], receiver: Signer, { network }: Rpc): Promise<Call[]> {
  const bonded = slice.filter((claim) => isBonded(claim, network))
  const direct = slice.filter((claim) => !isBonded(claim, network))
  const receivers: Address[] = [receiver.address, ...direct.map(({ config }) => config.receiver)]
  const calls = direct.length > 0 ? [ownClaimCall(direct, receivers, network)] : []
  if (bonded.length > 0) {
    const { signature } = await signClaims(bonded, network, receiver)
    calls.push(callTogether(signedClaimCalls(bonded, signature, network)))
  }
  return calls
}

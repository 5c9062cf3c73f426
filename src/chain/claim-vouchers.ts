import { encodeFunctionData, parseEventLogs } from 'viem'
import type { Address, Hex } from '../domain/bytes.ts'
import type { ChannelClaim } from '../domain/channel.ts'
import type { ClaimResult } from '../ports/chain.ts'
import type { Signer } from '../ports/signer.ts'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { revertReason } from './revert-reason.ts'
import type { Rpc } from './rpc.ts'
import type { SendTransaction } from './send-transaction.ts'

/** Claims and settles in one transaction. Lines that would make it revert are left out and named. */
export async function claimVouchers(
  claims: ChannelClaim[],
  receiver: Signer,
  rpc: Rpc,
  send: SendTransaction,
): Promise<ClaimResult> {
  const rising = await keepRising(claims, rpc)
  const accepted = await keepAccepted(rising, receiver.address, rpc)
  const skipped = rising.filter((claim) => !accepted.includes(claim)).map(({ voucher }) => voucher.channelId)
  if (accepted.length === 0 && !(await isUnsettled(receiver.address, rpc))) {
    return { transaction: null, settledMicroUsd: 0n, skipped }
  }
  const receipt = await send(receiver, {
    to: rpc.network.settlement,
    data: claimAndSettle(accepted, receiver.address, rpc.network.token),
  })
  const settled = parseEventLogs({ abi: batchSettlementAbi, eventName: 'Settled', logs: receipt.logs })
  const settledMicroUsd = settled.reduce((sum, { args }) => sum + args.amount, 0n)
  return { transaction: receipt.transactionHash, settledMicroUsd, skipped }
}

/** Leaves out what was claimed before: it would cost gas and change nothing. */
async function keepRising(claims: ChannelClaim[], { client, network }: Rpc): Promise<ChannelClaim[]> {
  const claimed = await Promise.all(
    claims.map(({ voucher }) =>
      client.readContract({
        address: network.settlement,
        abi: batchSettlementAbi,
        functionName: 'channels',
        args: [voucher.channelId],
      }),
    ),
  )
  return claims.filter(({ totalClaimed }, index) => totalClaimed > (claimed[index]?.[1] ?? 0n))
}

/** Tries the batch as a whole and, where that fails, each line alone. */
async function keepAccepted(claims: ChannelClaim[], receiver: Address, rpc: Rpc): Promise<ChannelClaim[]> {
  if (claims.length === 0 || (await wouldPass(claims, receiver, rpc))) return claims
  const passes = await Promise.all(claims.map((claim) => wouldPass([claim], receiver, rpc)))
  return claims.filter((_, index) => passes[index])
}

async function wouldPass(
  claims: ChannelClaim[],
  receiver: Address,
  { client, network }: Rpc,
): Promise<boolean> {
  try {
    await client.simulateContract({
      account: receiver,
      address: network.settlement,
      abi: batchSettlementAbi,
      functionName: 'claim',
      args: [claims.map(toLine)],
    })
    return true
  } catch (error) {
    if (revertReason(error) !== null) return false
    throw error
  }
}

/** Whether something was claimed, now or earlier, that has not reached the receiver. */
async function isUnsettled(receiver: Address, { client, network }: Rpc): Promise<boolean> {
  const [totalClaimed, totalSettled] = await client.readContract({
    address: network.settlement,
    abi: batchSettlementAbi,
    functionName: 'receivers',
    args: [receiver, network.token],
  })
  return totalClaimed > totalSettled
}

function claimAndSettle(claims: ChannelClaim[], receiver: Address, token: Address): Hex {
  const abi = batchSettlementAbi
  const settle = encodeFunctionData({ abi, functionName: 'settle', args: [receiver, token] })
  if (claims.length === 0) return settle
  const claim = encodeFunctionData({ abi, functionName: 'claim', args: [claims.map(toLine)] })
  return encodeFunctionData({ abi, functionName: 'multicall', args: [[claim, settle]] })
}

function toLine({ config, voucher, totalClaimed }: ChannelClaim) {
  const { maxClaimableAmount, signature } = voucher
  return { voucher: { channel: config, maxClaimableAmount }, signature, totalClaimed }
}

import type { Address, Hex } from '../domain/bytes.ts'
import type { ChannelClaim } from '../domain/channel.ts'
import { limits } from '../protocol/limits.ts'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { claimLine } from './claim-calls.ts'
import { hashChannel } from './hash-channel.ts'
import { revertReason } from './revert-reason.ts'
import type { Rpc } from './rpc.ts'

/** What of a claim would pass, in slices of one transaction each, and which channels would not. */
export type SiftedClaims = { slices: ChannelClaim[][]; skipped: Hex[] }

/** Leaves out, unnamed, what was claimed before, and names what would make `sender`'s claim revert. */
export async function siftClaims(claims: ChannelClaim[], sender: Address, rpc: Rpc): Promise<SiftedClaims> {
  const rising = await keepRising(claims, rpc)
  const slices: ChannelClaim[][] = []
  for (let start = 0; start < rising.length; start += limits.channelsPerClaim) {
    const accepted = await keepAccepted(rising.slice(start, start + limits.channelsPerClaim), sender, rpc)
    if (accepted.length > 0) slices.push(accepted)
  }
  const accepted = new Set(slices.flat())
  const skipped = rising.filter((claim) => !accepted.has(claim)).map(({ voucher }) => voucher.channelId)
  return { slices, skipped }
}

/** Leaves out what was claimed before: it would cost gas and change nothing. */
export async function keepRising(claims: ChannelClaim[], { client, network }: Rpc): Promise<ChannelClaim[]> {
  const states = await Promise.all(
    claims.map(({ config }) =>
      client.readContract({
        address: network.settlement,
        abi: batchSettlementAbi,
        functionName: 'channels',
        args: [hashChannel(config, network)],
      }),
    ),
  )
  return claims.filter(({ totalClaimed }, index) => totalClaimed > (states[index]?.[1] ?? 0n))
}

/** Tries the batch as a whole and, where that fails, each line alone. */
async function keepAccepted(claims: ChannelClaim[], sender: Address, rpc: Rpc): Promise<ChannelClaim[]> {
  if (await wouldPass(claims, sender, rpc)) return claims
  const passes = await Promise.all(claims.map((claim) => wouldPass([claim], sender, rpc)))
  return claims.filter((_, index) => passes[index])
}

async function wouldPass(
  claims: ChannelClaim[],
  sender: Address,
  { client, network }: Rpc,
): Promise<boolean> {
  try {
    await client.simulateContract({
      account: sender,
      address: network.settlement,
      abi: batchSettlementAbi,
      functionName: 'claim',
      args: [claims.map(claimLine)],
    })
    return true
  } catch (error) {
    if (revertReason(error) !== null) return false
    throw error
  }
}

/** Whether something was claimed, now or earlier, that has not reached the receiver. */
export async function isUnsettled(receiver: Address, { client, network }: Rpc): Promise<boolean> {
  const [totalClaimed, totalSettled] = await client.readContract({
    address: network.settlement,
    abi: batchSettlementAbi,
    functionName: 'receivers',
    args: [receiver, network.token],
  })
  return totalClaimed > totalSettled
}

import type { PublicClient } from 'viem'
import type { Hex } from '../domain/bytes.ts'
import type { ClaimSeen } from '../ports/chain.ts'
import { batchSettlementAbi as abi } from './abi/batch-settlement.ts'
import type { Network } from '../domain/network.ts'

/** Blocks that endpoints look through at a time. */
const blocksAtOnce = 10_000n
/** Of older blocks than these requests reach, nothing is told. */
const mostRequests = 20n

type Endpoint = {
  client: Pick<PublicClient, 'getBlock' | 'getContractEvents'>
  network: Pick<Network, 'settlement'>
}

/** Returns the claims on a channel from a time on, as far back as the endpoint is asked; oldest first. */
export async function readClaims(
  channelId: Hex,
  sinceSeconds: number,
  { client, network }: Endpoint,
): Promise<ClaimSeen[]> {
  const { settlement: address } = network
  const latest = await client.getBlock()
  const first = await firstBlock(sinceSeconds, latest, client)
  const ranges: { fromBlock: bigint; toBlock: bigint }[] = []
  for (let fromBlock = first; fromBlock <= latest.number; fromBlock += blocksAtOnce) {
    const end = fromBlock + blocksAtOnce - 1n
    ranges.push({ fromBlock, toBlock: end < latest.number ? end : latest.number })
  }
  const claimed = { address, abi, eventName: 'Claimed', args: { channelId }, strict: true } as const
  const found = await Promise.all(ranges.map((range) => client.getContractEvents({ ...claimed, ...range })))
  const claims = await Promise.all(
    found.flat().map(async ({ transactionHash, blockNumber, args }): Promise<ClaimSeen> => {
      const { timestamp } = await client.getBlock({ blockNumber })
      return {
        transaction: transactionHash,
        atSeconds: Number(timestamp),
        totalClaimed: args.newTotalClaimed,
      }
    }),
  )
  return claims.filter(({ atSeconds }) => atSeconds >= sinceSeconds)
}

/** Returns a block that is no younger than a time, by how fast blocks have come lately. */
async function firstBlock(
  sinceSeconds: number,
  latest: { number: bigint; timestamp: bigint },
  client: Endpoint['client'],
): Promise<bigint> {
  if (latest.number < blocksAtOnce) return 0n
  const { number, timestamp } = await client.getBlock({ blockNumber: latest.number - blocksAtOnce })
  const ageSeconds = latest.timestamp - BigInt(sinceSeconds)
  const span = latest.timestamp - timestamp
  if (ageSeconds < span) return number
  // A tenth more, since blocks do not come evenly.
  const ageBlocks = (ageSeconds * blocksAtOnce * 11n) / (span * 10n)
  const farthest = blocksAtOnce * mostRequests
  const back = ageBlocks < farthest ? ageBlocks : farthest
  return back < latest.number ? latest.number - back : 0n
}

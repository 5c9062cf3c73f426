import { createPublicClient, custom, encodeAbiParameters, encodeEventTopics, numberToHex, toHex } from 'viem'
import { expect, test } from 'vitest'
import type { Hex } from '../domain/bytes.ts'
import { batchSettlementAbi as abi } from './abi/batch-settlement.ts'
import { readClaims } from './read-claims.ts'

const settlement = `0x${'5e'.repeat(20)}` as const
const channelId = toHex(7, { size: 32 })
const startedAtSeconds = 1_700_000_000

type Range = { fromBlock: Hex; toBlock: Hex }

/** An endpoint of a chain with a block every `blockSeconds`; the channel is claimed in some of them, 100 more each time. */
function chainOf(blocks: number, blockSeconds: number, claimedIn: number[]) {
  const searched: number[] = []
  const timeOf = (block: number) => startedAtSeconds + block * blockSeconds

  const logAt = (block: number) => ({
    address: settlement,
    blockNumber: numberToHex(block),
    blockHash: toHex(block, { size: 32 }),
    transactionHash: toHex(block, { size: 32 }),
    transactionIndex: '0x0',
    logIndex: '0x0',
    removed: false,
    topics: encodeEventTopics({ abi, eventName: 'Claimed', args: { channelId, sender: settlement } }),
    data: encodeAbiParameters(
      [{ type: 'uint128' }, { type: 'uint128' }],
      [100n, BigInt(claimedIn.indexOf(block) + 1) * 100n],
    ),
  })

  const request = async ({ method, params }: { method: string; params?: unknown }) => {
    if (method === 'eth_getBlockByNumber') {
      const [tag] = params as [Hex | 'latest']
      const number = tag === 'latest' ? blocks - 1 : Number(tag)
      return { number: numberToHex(number), timestamp: numberToHex(timeOf(number)), transactions: [] }
    }
    const [{ fromBlock, toBlock }] = params as [Range]
    const [from, to] = [Number(fromBlock), Number(toBlock)]
    if (to - from >= 10_000) throw new Error('The range is too wide.')
    searched.push(to - from + 1)
    return claimedIn.filter((block) => block >= from && block <= to).map(logAt)
  }
  const client = createPublicClient({ transport: custom({ request }, { retryCount: 0 }) })
  return { endpoint: { client, network: { settlement } }, searched, timeOf }
}

test.each([
  ['a rollup', 2],
  ['a slow chain', 12],
])(
  'claims on %s are found from a time on, and no more blocks are searched than that takes',
  async (_, seconds) => {
    const { endpoint, searched, timeOf } = chainOf(5_000_000, seconds, [4_900_000, 4_950_000, 4_999_999])
    const claims = await readClaims(channelId, timeOf(4_950_000), endpoint)
    expect(claims).toEqual([
      { transaction: toHex(4_950_000, { size: 32 }), atSeconds: timeOf(4_950_000), totalClaimed: 200n },
      { transaction: toHex(4_999_999, { size: 32 }), atSeconds: timeOf(4_999_999), totalClaimed: 300n },
    ])
    expect(searched.reduce((sum, blocks) => sum + blocks, 0)).toBeLessThan(60_000)
  },
)

test('a young chain is searched from its beginning on', async () => {
  const { endpoint, searched } = chainOf(300, 1, [0, 299])
  expect((await readClaims(channelId, 0, endpoint)).map(({ totalClaimed }) => totalClaimed)).toEqual([
    100n,
    200n,
  ])
  expect(searched).toEqual([300])
})

test('of what is too long ago nothing is told, and the endpoint is not asked without end', async () => {
  const { endpoint, searched } = chainOf(5_000_000, 2, [1_000_000])
  expect(await readClaims(channelId, startedAtSeconds, endpoint)).toEqual([])
  expect(searched.length).toBeLessThanOrEqual(21)
})

test('a time that has not come yet has no claims', async () => {
  const { endpoint, timeOf } = chainOf(50_000, 2, [49_999])
  expect(await readClaims(channelId, timeOf(60_000), endpoint)).toEqual([])
})

import type { Address, Hex } from '../../../src/domain/bytes.ts'
import type { CatalogueEntry } from '../../../src/domain/model.ts'
import type { Network } from '../../../src/domain/network.ts'
import type { Offer } from '../../../src/domain/offer.ts'

const hex = (byte: string, bytes: number): Hex => `0x${byte.repeat(bytes)}`

export const ownAddress: Address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

/** Account of the relay that passes payments on. */
export const hubAccount: Address = hex('4b', 20)

export const network: Network = {
  name: 'Local chain',
  chainId: 31337,
  rpcUrl: 'http://127.0.0.1:8545',
  token: hex('11', 20),
  settlement: hex('22', 20),
  collector: hex('33', 20),
  relays: ['/ip4/127.0.0.1/tcp/9090/ws/p2p/12D3KooWRelay'],
}

/** The same on a public chain. */
export const publicNetwork: Network = {
  ...network,
  name: 'Base Sepolia',
  chainId: 84532,
  bond: hex('44', 20),
  explorerUrl: 'https://explorer.example.org',
}

function model(id: Hex, name: string, megabytes: number, description: string): CatalogueEntry {
  const file = { path: `${name}.gguf`, bytes: megabytes * 1e6, sha256: id, pieceBytes: 1e6, pieces: [] }
  const knownAnswer = { promptIds: [], tokenIds: [], logProbs: [], toleranceNats: 0.1 }
  const manifest = { version: 1 as const, name, license: 'Apache-2.0', family: 'llama', contextTokens: 8192 }
  return { id, manifest: { ...manifest, files: [file], knownAnswer }, sources: ['/models/'], description }
}

/** Two models of the page, and a large one that somebody listed on the chain. */
export const catalogue: CatalogueEntry[] = [
  model(hex('a1', 32), 'SmolLM2 135M', 98, 'Small and quick; good for short texts.'),
  model(hex('b2', 32), 'SmolLM2 360M', 260, 'Slower, and surer of its facts.'),
  {
    ...model(hex('c3', 32), 'Mistral Large', 73_200, 'Published by 0xbb…bb.'),
    listing: {
      listingId: hex('c4', 32),
      modelId: hex('c3', 32),
      publisher: hex('bb', 20),
      royaltyBps: 500,
      sources: [],
      isDeprecated: false,
    },
  },
]

/** Offers of a lively market: one model with many tabs, one with few. */
export const offers: Offer[] = [
  [0, 0.08, 31, 2, 2],
  [0, 0.1, 44, 4, 3],
  [0, 0.1, 27, 1, 0],
  [0, 0.14, 96, 8, 5],
  [0, 0.05, 12, 1, 1],
  [0, 0.2, 118, 8, 8],
  [1, 0.25, 22, 2, 1],
  [1, 0.4, 61, 4, 4],
].map(([index = 0, usd = 0, speed = 0, slots = 1, freeSlots = 0], at) => ({
  provider: `0x${(0x3f9a0000 + at * 0x01d3_4567).toString(16).padStart(40, 'c')}` as Address,
  peerId: `12D3KooWScripted${at}`,
  modelId: catalogue[index]?.id ?? hex('00', 32),
  arithmeticId: hex('e5', 32),
  tasks: ['chat', 'embed'],
  price: {
    promptMicroUsdPerMillion: BigInt(Math.round(usd * 2e5)),
    completionMicroUsdPerMillion: BigInt(Math.round(usd * 1e6)),
  },
  contextTokens: 8192,
  milliTokensPerSecond: speed * 1000,
  freeSlots,
  slots,
  chunkTokens: 32,
  chainId: network.chainId,
  settlement: network.settlement,
  token: network.token,
  listingId: null,
  hubs: at === 5 ? [] : [{ account: hubAccount, peerId: '12D3KooWRelay', spreadMillionths: 50_000 }],
  sequence: 1,
  expiresAtSeconds: 4_000_000_000,
}))

import type { Hex } from '../domain/bytes.ts'
import { defaultSampler } from '../domain/job.ts'
import type { CatalogueEntry } from '../domain/model.ts'
import type { Offer } from '../domain/offer.ts'
import type { DocumentStore } from '../ports/document-store.ts'
import type { Requester } from '../roles/ask/request.ts'
import type { Answer } from '../roles/tasks/answer.ts'
import type { Tab } from './tab.ts'

const word = (byte: string): Hex => `0x${byte.repeat(32)}`
const address = (byte: string): Hex => `0x${byte.repeat(20)}`

/** Keeps documents as a database would: as copies. */
export function testDocuments(): DocumentStore {
  const kept = new Map<string, unknown>()
  return {
    get: async (collection, key) => structuredClone(kept.get(`${collection}/${key}`)),
    put: async (collection, key, value) => void kept.set(`${collection}/${key}`, structuredClone(value)),
    add: async (collection, key, value) => {
      const name = `${collection}/${key}`
      if (kept.has(name)) return false
      kept.set(name, structuredClone(value))
      return true
    },
    change: async (collection, key, next) => {
      const name = `${collection}/${key}`
      const value = next(structuredClone(kept.get(name)))
      if (value === undefined) kept.delete(name)
      else kept.set(name, structuredClone(value))
    },
    delete: async (collection, key) => void kept.delete(`${collection}/${key}`),
    keys: async (collection) =>
      [...kept.keys()]
        .filter((key) => key.startsWith(`${collection}/`))
        .map((key) => key.slice(collection.length + 1))
        .sort(),
  }
}

/** A tab of which a test gives only what it needs; the rest never answers. */
export function fakeTab(parts: Partial<Tab>): Tab {
  const never = () => new Promise<never>(() => {})
  return {
    documents: testDocuments(),
    crashMark: fakeMark(),
    place: async () => 0,
    network: never,
    account: never,
    balanceOf: never,
    accounts: never,
    catalogue: never,
    listed: never,
    holders: never,
    keptModels: never,
    lender: never,
    probe: never,
    device: never,
    link: never,
    offers: never,
    requester: never,
    provider: never,
    governor: async () => ({ follow() {}, release() {}, watch: () => () => {} }),
    publisher: never,
    settlement: never,
    withdrawals: never,
    payOut: never,
    served: never,
    claimsOn: async () => [],
    trace: never,
    check: never,
    addTestFunds: never,
    ...parts,
  }
}

/** The model that the fake tab offers. */
export const entry: CatalogueEntry = {
  id: word('a1'),
  manifest: {
    version: 1,
    name: 'Fixture',
    license: 'Apache-2.0',
    family: 'llama',
    contextTokens: 256,
    files: [],
    knownAnswer: { promptIds: [], tokenIds: [], logProbs: [], toleranceNats: 0.1 },
  },
  sources: [],
  description: 'For tests.',
}

function notAsked(): never {
  throw new Error('Nothing is asked here.')
}

/** A requester of which a test gives what it needs; nobody offers anything. */
export const idleRequester: Requester = {
  quote: async () => null,
  quoteEmbedding: async () => null,
  ask: notAsked,
  embed: notAsked,
}

/** An offer that everything fits. */
export const offer: Offer = {
  provider: address('b2'),
  peerId: 'peer',
  modelId: entry.id,
  arithmeticId: word('c3'),
  tasks: ['chat', 'embed'],
  price: { promptMicroUsdPerMillion: 20_000n, completionMicroUsdPerMillion: 100_000n },
  contextTokens: 256,
  milliTokensPerSecond: 20_000,
  freeSlots: 1,
  slots: 1,
  chunkTokens: 32,
  chainId: 31_337,
  settlement: address('d4'),
  token: address('e5'),
  hubs: [],
  listingId: null,
  sequence: 1,
  expiresAtSeconds: 4_000_000_000,
}

/** An answer as a provider would have given it, at a micro-dollar a token. */
export function answerOf(text: string, completionTokens: number): Answer {
  const { provider, modelId, price } = offer
  return {
    text,
    tokenIds: Array.from({ length: completionTokens }, (_, index) => index),
    terms: {
      jobId: word('01'),
      channelId: word('02'),
      provider,
      modelId,
      messages: [],
      sampler: defaultSampler,
      seed: `0x${'03'.repeat(16)}`,
      maxTokens: 64,
      stop: [],
      price,
    },
    offer,
    channel: {
      payer: address('04'),
      payerAuthorizer: address('05'),
      receiver: provider,
      receiverAuthorizer: provider,
      token: offer.token,
      withdrawDelay: 900,
      salt: word('06'),
    },
    tokens: { promptTokens: 5, completionTokens },
    promptHash: word('07'),
    hub: null,
    chargeMicroUsd: BigInt(completionTokens),
    handedOnMicroUsd: BigInt(completionTokens),
    finishReason: 'stop',
    tokensPerSecond: 20,
    receipt: null,
    voucher: null,
    error: null,
  }
}

/** A mark that tabs of one test may share. */
export function fakeMark(doing: string | null = null): Tab['crashMark'] {
  return {
    set: (next) => void (doing = next),
    async take() {
      const before = doing
      doing = null
      return before
    },
  }
}

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { entry, fakeTab, idleRequester, offer } from '../../tests/fixtures/fake-tab.ts'
import type { ModelId } from '../domain/model.ts'
import type { Offer } from '../domain/offer.ts'
import { TransportError } from '../errors/index.ts'
import type { Quote } from '../roles/ask/request.ts'
import { Deal } from './deal.svelte.ts'

type Asked = { modelId: ModelId; signal: AbortSignal | undefined } & PromiseWithResolvers<Quote | null>

const other: ModelId = `0x${'b2'.repeat(32)}`
const noRelay = new TransportError('transport/no-relay', 'No relay could be reached.')

let asked: Asked[]
let deal: Deal

beforeEach(() => {
  vi.useFakeTimers()
  asked = []
  const requester = {
    ...idleRequester,
    quote(modelId: ModelId, signal?: AbortSignal) {
      const answer = Promise.withResolvers<Quote | null>()
      asked.push({ modelId, signal, ...answer })
      return answer.promise
    },
  }
  deal = new Deal(fakeTab({ requester: async () => requester }))
})

afterEach(() => void vi.useRealTimers())

const quoteOf = (modelId: ModelId, completionMicroUsdPerMillion = 200n): Quote => ({
  offers: 1,
  best: { ...offer, modelId, price: { promptMicroUsdPerMillion: 100n, completionMicroUsdPerMillion } },
  hub: null,
  lacksHub: false,
  typicalChargeMicroUsd: 7n,
  depositFeeMicroUsd: null,
  tokensPerSecond: 20,
})

/** A network in which others offer the model. */
const network = (offers: Offer[], state: 'connecting' | 'online' | 'unreachable' = 'online') => ({
  state,
  offersOfOthers: (modelId: ModelId) => offers.filter((each) => each.modelId === modelId),
})
const waited = (ms: number) => vi.advanceTimersByTimeAsync(ms)
async function answer(at: number, quote: Quote | null): Promise<void> {
  asked[at]!.resolve(quote)
  await waited(0)
}

describe('what is known', () => {
  it('is that it is being asked, then what was found', async () => {
    expect(deal).toMatchObject({ asking: false, quote: null, failure: null })
    deal.follow(entry.id, network([offer]))
    await waited(0)
    expect(deal).toMatchObject({ asking: true, quote: null })
    await answer(0, quoteOf(entry.id))
    expect(deal).toMatchObject({ asking: false, quote: { typicalChargeMicroUsd: 7n } })
  })

  it('is nothing while there is no connection, and asked as soon as there is one, each time', async () => {
    deal.follow(entry.id, network([offer], 'connecting'))
    await waited(10_000)
    expect([deal.asking, asked.length]).toEqual([false, 0])
    deal.follow(entry.id, network([offer]))
    await waited(0)
    await answer(0, null)
    expect(deal).toMatchObject({ asking: false, quote: null, failure: null })
    deal.follow(entry.id, network([offer], 'unreachable'))
    deal.follow(entry.id, network([offer]))
    await waited(2_000)
    expect(asked).toHaveLength(2)
  })

  it('is what was known, while a hub that an offer names is late, and what was found at last', async () => {
    const [before, without] = [quoteOf(entry.id, 300n), { ...quoteOf(entry.id), lacksHub: true }]
    deal.follow(entry.id, network([offer]))
    await waited(0)
    await answer(0, before)
    await waited(30_000)
    deal.follow(entry.id, network([offer]))
    await waited(0)
    for (const at of [1, 2]) {
      await answer(at, without)
      expect(deal).toMatchObject({ asking: true, quote: before })
      await waited(2_000)
    }
    await answer(3, without)
    expect(deal).toMatchObject({ asking: false, quote: without })
    expect(asked).toHaveLength(4)
  })

  it('is that the question failed, until it is asked again', async () => {
    deal.follow(entry.id, network([offer]))
    await waited(0)
    asked[0]!.reject(noRelay)
    await waited(0)
    expect(deal).toMatchObject({ asking: false, quote: null, failure: { code: 'transport/no-relay' } })
    const renewed = deal.renew()
    expect(deal.asking).toBe(true)
    await waited(0)
    asked[1]!.resolve(quoteOf(entry.id))
    await renewed
    expect(deal).toMatchObject({ asking: false, quote: { offers: 1 }, failure: null })
  })

  it('of one model is never shown for another', async () => {
    deal.follow(entry.id, network([offer]))
    await waited(0)
    await answer(0, quoteOf(entry.id))
    deal.follow(other, network([offer], 'unreachable'))
    expect(deal).toMatchObject({ quote: null, failure: null })
    expect(deal.priceOf(entry.id)).toBeNull()
  })
})

describe('a question', () => {
  it('about another model ends the one before, at once', async () => {
    deal.follow(entry.id, network([offer]))
    await waited(0)
    deal.follow(other, network([offer]))
    await waited(0)
    expect(asked.map(({ modelId, signal }) => [modelId, signal?.aborted])).toEqual([
      [entry.id, true],
      [other, false],
    ])
    await answer(1, quoteOf(other))
    await answer(0, quoteOf(entry.id))
    expect(deal.quote?.best.modelId).toBe(other)
  })

  it('follows when offers of the model changed, not when others did or when they were renewed', async () => {
    deal.follow(entry.id, network([offer]))
    await waited(0)
    await answer(0, quoteOf(entry.id))
    await waited(5_000)
    deal.follow(entry.id, network([offer, { ...offer, modelId: other }]))
    deal.follow(entry.id, network([{ ...offer, sequence: 2, expiresAtSeconds: 4_000_000_030 }]))
    await waited(5_000)
    expect(asked).toHaveLength(1)
    deal.follow(entry.id, network([{ ...offer, freeSlots: 0 }]))
    await waited(0)
    expect(asked).toHaveLength(2)
    await answer(1, quoteOf(entry.id))
    deal.follow(entry.id, network([]))
    await waited(2_000)
    expect(asked).toHaveLength(3)
  })

  it('comes at most every two seconds, and the price stays to be seen meanwhile', async () => {
    deal.follow(entry.id, network([offer]))
    await waited(0)
    await answer(0, quoteOf(entry.id))
    for (let turn = 1; turn <= 50; turn++) {
      deal.follow(entry.id, network([{ ...offer, freeSlots: turn % 2 }]))
      await waited(200)
      expect(deal.quote).not.toBeNull()
      await answer(asked.length - 1, quoteOf(entry.id))
    }
    expect(asked).toHaveLength(1 + 5)
  })

  it('that takes longer is answered before the next', async () => {
    deal.follow(entry.id, network([offer]))
    await waited(1_000)
    deal.follow(entry.id, network([{ ...offer, freeSlots: 0 }]))
    await waited(9_000)
    expect(asked.map(({ signal }) => signal?.aborted)).toEqual([false])
    await answer(0, quoteOf(entry.id))
    expect(asked).toHaveLength(2)
    expect(deal).toMatchObject({ asking: true, quote: { offers: 1 } })
  })

  it('comes after half a minute too: hubs and chain change without a word', async () => {
    deal.follow(entry.id, network([offer]))
    await waited(0)
    await answer(0, null)
    await waited(31_000)
    deal.follow(entry.id, network([{ ...offer, sequence: 2 }]))
    await waited(0)
    expect(asked).toHaveLength(2)
  })

  it('is not in the way of a person who asks at once', async () => {
    deal.follow(entry.id, network([offer]))
    await waited(0)
    const renewed = deal.renew()
    await waited(0)
    expect(asked[0]!.signal?.aborted).toBe(true)
    await answer(1, quoteOf(entry.id, 300n))
    await renewed
    expect(deal.priceOf(entry.id)?.completionMicroUsdPerMillion).toBe(300n)
  })
})

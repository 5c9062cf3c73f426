import { describe, expect, test } from 'vitest'
import { withSpread } from '../../src/domain/hub.ts'
import { cosine } from '../../src/domain/embedding.ts'
import { chargeMicroUsd } from '../../src/domain/price.ts'
import { createMemoryEngine } from '../../src/engine/memory-engine.ts'
import { createMemoryModel } from '../../src/engine/memory-model.ts'
import type { FrameStream } from '../../src/ports/index.ts'
import { signOffer } from '../../src/ledger/sign-offer.ts'
import { parseFrame } from '../../src/protocol/frame-codec.ts'
import { type ProviderFrame, providerFrameSchema } from '../../src/protocol/infer-messages.ts'
import { inferProtocol } from '../../src/protocol/protocols.ts'
import { checkEmbeddings } from '../../src/roles/audit/audit-embeddings.ts'
import { costOf, openDeal } from '../fixtures/hub-deal.ts'
import { bound } from '../fixtures/hub-faults.ts'
import { accounts, network, price } from '../fixtures/jobs.ts'
import { entry, makeAsk, makeTexts, never, openMarket, runAsk } from '../fixtures/market.ts'

const request = makeTexts()
const bytes = request.texts.join('').length
const charge = chargeMicroUsd({ promptTokens: bytes, completionTokens: 0 }, price)

type Market = ReturnType<typeof openMarket>
type Requester = Awaited<ReturnType<Market['joinRequester']>>
type EmbeddingFrame = Extract<ProviderFrame, { type: 'embedding' }>

/** Bends each embedding on its way to a requester; what is returned comes as it stands. */
function bend({ transport }: Requester, lie: (frame: EmbeddingFrame) => object): void {
  const open = transport.open.bind(transport)
  transport.open = async (peer, protocol, signal) => {
    const stream = await open(peer, protocol, signal)
    if (protocol !== inferProtocol) return stream
    const read: FrameStream['read'] = async (reading) => {
      const frame = await stream.read(reading)
      const parsed = frame && parseFrame(providerFrameSchema, frame)
      if (parsed?.type !== 'embedding') return frame
      return new TextEncoder().encode(JSON.stringify(lie(parsed)))
    }
    return { ...bound(stream), read }
  }
}

describe('texts embedded for money', () => {
  test('directly: the vectors are the engine’s own, and their tokens are all that is charged', async () => {
    const market = openMarket()
    const { engine, provider, settlement, served } = await market.joinProvider()
    const { requester } = await market.joinRequester()
    const quote = await requester.quoteEmbedding(request)
    expect(quote).toMatchObject({ offers: 1, hub: null, promptTokens: bytes, chargeMicroUsd: charge })
    const progress: number[] = []
    const embeddings = await runAsk(requester.embed(request, never), (event) => {
      if (event.type === 'embeddings') progress.push(event.done)
    })
    expect(embeddings.error).toBeNull()
    expect(progress).toEqual([1, 2, 3])
    const { text } = engine
    const own = request.texts.map(async (each) => engine.embed(await text.encodeForEmbedding(each)))
    expect(embeddings.vectors).toEqual(await Promise.all(own))
    const [rose, again, gravel] = embeddings.vectors
    expect(cosine(rose!, again!)).toBeGreaterThan(cosine(rose!, gravel!))
    expect(embeddings).toMatchObject({ chargeMicroUsd: charge, finishReason: 'stop' })
    expect(embeddings.tokens).toEqual({ promptTokens: bytes, completionTokens: 0 })
    await expect.poll(() => provider.status().earnedMicroUsd).toBe(charge)
    const [job] = await served.jobs()
    expect(job?.receipt).toEqual(embeddings.receipt)
    expect((await settlement.claim()).settledMicroUsd).toBe(charge)
    await provider.stop()
  })

  test('through a hub: the same, with its spread', async () => {
    const deal = await openDeal()
    const { seller, buyer, hub } = deal
    const quote = await buyer.requester.quoteEmbedding(request)
    expect(quote).toMatchObject({ hub: { account: hub.terms.account } })
    expect(quote?.chargeMicroUsd).toBe(withSpread(charge, hub.terms))
    const embeddings = await runAsk(buyer.requester.embed(request, never))
    expect(embeddings.error).toBeNull()
    const { charged, paid } = costOf(deal, [embeddings])
    expect([charged, paid]).toEqual([charge, quote?.chargeMicroUsd])
    expect(embeddings).toMatchObject({ chargeMicroUsd: paid, handedOnMicroUsd: charged })
    await expect.poll(() => seller.provider.status().earnedMicroUsd).toBe(charge)
    await deal.stop()
  })

  test('beside answers, from the same provider', async () => {
    const market = openMarket()
    const { provider } = await market.joinProvider()
    const { requester } = await market.joinRequester()
    const other = await market.joinRequester()
    const [answer, embeddings] = await Promise.all([
      runAsk(requester.ask(makeAsk(), never)),
      runAsk(other.requester.embed(request, never)),
    ])
    expect([answer.error, embeddings.error]).toEqual([null, null])
    await provider.stop()
  })

  test('longer together than the model’s memory are refused, and nothing is paid', async () => {
    const market = openMarket()
    const { provider } = await market.joinProvider(accounts[2], { engine: { contextTokens: 64 } })
    const { requester } = await market.joinRequester()
    const long = makeTexts({ texts: ['a'.repeat(40), 'b'.repeat(40)] })
    await expect(runAsk(requester.embed(long, never))).rejects.toMatchObject({ code: 'market/job-refused' })
    await provider.stop()
  })

  test('dearer than was seen are not asked for', async () => {
    const market = openMarket()
    const { provider } = await market.joinProvider()
    const { requester } = await market.joinRequester()
    const atMost = { ...price, promptMicroUsdPerMillion: price.promptMicroUsdPerMillion - 1n }
    const asking = requester.embed(makeTexts({ atMost }), never)
    await expect(runAsk(asking)).rejects.toMatchObject({ code: 'market/price-changed' })
    await provider.stop()
  })

  test('cancelled half way: what came is kept, and the prompt that was read is paid by a true receipt', async () => {
    const market = openMarket()
    const { provider } = await market.joinProvider()
    const { requester } = await market.joinRequester()
    const cancel = new AbortController()
    const embeddings = await runAsk(requester.embed(request, cancel.signal), (event) => {
      if (event.type === 'embeddings') cancel.abort()
    })
    expect(embeddings.finishReason).toBe('cancelled')
    expect(embeddings.vectors.length).toBeLessThan(request.texts.length)
    expect(embeddings.error).toBeNull()
    expect(embeddings.chargeMicroUsd).toBe(charge)
    await provider.stop()
  })
})

describe('what is no embedding', () => {
  test.each<[string, (frame: EmbeddingFrame) => object, string]>([
    ['too short', ({ vector, ...rest }) => ({ ...rest, vector: [...vector.slice(1)] }), 'unexpected-frame'],
    ['too long', ({ vector, ...rest }) => ({ ...rest, vector: [...vector, 0] }), 'unexpected-frame'],
    [
      'not of unit length',
      ({ vector, ...rest }) => ({ ...rest, vector: [...vector.map((x) => x / 2)] }),
      'unexpected-frame',
    ],
    [
      'nothing but zeros',
      ({ vector, ...rest }) => ({ ...rest, vector: [...vector.fill(0)] }),
      'unexpected-frame',
    ],
    [
      'not a number',
      ({ vector, ...rest }) => ({ ...rest, vector: [Number.NaN, ...vector.slice(1)] }),
      'malformed',
    ],
    ['beyond one', ({ vector, ...rest }) => ({ ...rest, vector: [1e9, ...vector.slice(1)] }), 'malformed'],
    [
      'of double precision',
      ({ vector, ...rest }) => ({ ...rest, vector: [0.1, ...vector.slice(1)] }),
      'malformed',
    ],
    [
      'out of turn',
      ({ vector, index, ...rest }) => ({ ...rest, index: index + 1, vector: [...vector] }),
      'unexpected-frame',
    ],
    ['an answer', () => ({ type: 'tokens', start: 0, tokenIds: [1], text: 'a' }), 'unexpected-frame'],
  ])('%s: it is not taken, and nothing is paid', async (_name, lie, code) => {
    const market = openMarket()
    const { provider } = await market.joinProvider()
    const requester = await market.joinRequester()
    bend(requester, lie)
    const embedding = runAsk(requester.requester.embed(request, never))
    await expect(embedding).rejects.toMatchObject({ code: `protocol/${code}` })
    expect(provider.status().earnedMicroUsd).toBe(0n)
    await provider.stop()
  })

  test('an embedding that is missing at the end is not paid for', async () => {
    const market = openMarket()
    const { provider } = await market.joinProvider()
    const requester = await market.joinRequester()
    let seen = 0
    const open = requester.transport.open.bind(requester.transport)
    requester.transport.open = async (peer, protocol, signal) => {
      const stream = await open(peer, protocol, signal)
      const read: FrameStream['read'] = async (reading) => {
        const frame = await stream.read(reading)
        const parsed = protocol === inferProtocol && frame ? parseFrame(providerFrameSchema, frame) : null
        return parsed?.type === 'embedding' && ++seen === 3 ? stream.read(reading) : frame
      }
      return { ...bound(stream), read }
    }
    const embedding = runAsk(requester.requester.embed(request, never))
    await expect(embedding).rejects.toMatchObject({ code: 'protocol/unexpected-frame' })
    expect(provider.status().earnedMicroUsd).toBe(0n)
    await provider.stop()
  })
})

describe('an audit of embeddings', () => {
  /** Has texts embedded by a provider whose engine may lie, and checks them with an honest engine. */
  async function audit(lie?: (vector: Float32Array) => Float32Array<ArrayBuffer>) {
    const market = openMarket()
    const { provider, engine } = await market.joinProvider()
    const honest = createMemoryEngine()
    await honest.load(createMemoryModel())
    const embed = engine.embed.bind(engine)
    if (lie) engine.embed = async (tokenIds, signal) => lie(await embed(tokenIds, signal))
    const { requester, engine: none, openText } = await market.joinRequester()
    const embeddings = await runAsk(requester.embed(request, never))
    expect(embeddings.error).toBeNull()
    const report = await checkEmbeddings(embeddings, { engine: honest, openText, network })
    const bare = await checkEmbeddings(embeddings, { engine: none, openText, network })
    await provider.stop()
    return { report, bare }
  }

  test('confirms honest ones bit by bit, and without the model their receipt alone', async () => {
    const { report, bare } = await audit()
    expect(report.verdict).toBe('confirmed')
    expect(report.findings.map(({ ok }) => ok)).toEqual([true, true])
    expect(bare.verdict).toBe('unverified')
    expect(bare.findings.map(({ ok }) => ok)).toEqual([true, null])
  })

  test.each<[string, (vector: Float32Array) => Float32Array<ArrayBuffer>]>([
    ['other numbers', (vector) => Float32Array.from(vector).reverse()],
    ['one number a bit off', (vector) => Float32Array.from(vector, (x, at) => (at ? x : x + 2 ** -24))],
  ])('convicts a provider of %s, whose receipt is true to what it sent', async (_name, lie) => {
    const { report, bare } = await audit(lie)
    expect(report.verdict).toBe('mismatch')
    expect(report.findings.map(({ ok }) => ok)).toEqual([true, false])
    expect(bare.verdict).toBe('unverified')
  })

  test('sees a receipt that is not of what came', async () => {
    const market = openMarket()
    const { provider, engine } = await market.joinProvider()
    const tab = await market.joinRequester()
    bend(tab, ({ vector, ...rest }) => ({ ...rest, vector: [...vector].reverse() }))
    const embeddings = await runAsk(tab.requester.embed(request, never))
    expect(embeddings.error?.code).toBe('ledger/bad-receipt')
    const report = await checkEmbeddings(embeddings, { engine, openText: tab.openText, network })
    expect(report.findings.map(({ ok }) => ok)).toEqual([false, false])
    await provider.stop()
  })
})

test('who does not offer the task is not asked', async () => {
  const market = openMarket()
  const { provider, directory, wallet } = await market.joinProvider()
  const { requester } = await market.joinRequester()
  const [signed] = (await directory.list()).offers
  expect(signed?.offer.tasks).toEqual(['chat', 'embed'])
  const next = { ...signed!.offer, tasks: ['chat'], sequence: signed!.offer.sequence + 1 }
  await directory.publish(await signOffer(next, wallet))
  expect(await requester.quote(entry.id)).not.toBeNull()
  expect(await requester.quoteEmbedding(request)).toBeNull()
  await expect(runAsk(requester.embed(request, never))).rejects.toMatchObject({ code: 'market/no-offers' })
  await provider.stop()
})

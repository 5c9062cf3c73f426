import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ChainError, MarketError, PriceChangedError } from '../errors/index.ts'
import type { DocumentStore } from '../ports/document-store.ts'
import type { AskEvent } from '../roles/ask/ask-event.ts'
import type { Answer } from '../roles/tasks/answer.ts'
import type { AskRequest, Quote } from '../roles/ask/request.ts'
import { AskSettings } from './ask-settings.svelte.ts'
import { Conversation } from './conversation.svelte.ts'
import { Deal } from './deal.svelte.ts'
import { History } from './history.svelte.ts'
import {
  answerOf,
  entry,
  fakeTab,
  idleRequester,
  offer,
  testDocuments,
} from '../../tests/fixtures/fake-tab.ts'

type Script = (request: AskRequest, signal: AbortSignal) => AsyncGenerator<AskEvent, Answer, void>

let documents: DocumentStore
let asked: AskRequest[]
let quote: Quote | null

beforeEach(() => {
  documents = testDocuments()
  asked = []
  quote = null
})

/** A conversation whose market follows a script. */
function converse(script: Script) {
  const tab = fakeTab({
    documents,
    requester: async () => ({
      ...idleRequester,
      quote: async () => quote,
      ask(request, signal) {
        asked.push(request)
        return script(request, signal)
      },
    }),
  })
  const settings = new AskSettings(tab)
  const history = new History(tab)
  const deal = new Deal(tab)
  return { conversation: new Conversation(tab, settings, history, deal), settings, history, deal }
}

const tokens = (text: string, count: number): AskEvent => ({
  type: 'tokens',
  text,
  tokens: { promptTokens: 5, completionTokens: count },
  chargeMicroUsd: BigInt(count),
  tokensPerSecond: 20,
})

async function* plain(): AsyncGenerator<AskEvent, Answer, void> {
  yield { type: 'choosing' }
  yield { type: 'dialling', offer, attempt: 1 }
  const deposit = { amountMicroUsd: 1_000n, feeMicroUsd: 2n }
  yield { type: 'funding', stage: 'deposit', ...deposit }
  yield { type: 'funding', stage: 'deposited', ...deposit, transaction: '0x0d' }
  yield { type: 'accepted', offer, promptTokens: 5 }
  yield tokens('Bees fly. ', 3)
  yield tokens('They hum', 5)
  return answerOf('Bees fly. They hum', 5)
}

describe('sending', () => {
  it('streams an answer, keeps it, and writes it into the history', async () => {
    const { conversation, history } = converse(plain)
    conversation.draft = '  Tell me of bees '
    await conversation.send(entry)
    const exchange = conversation.exchanges[0]
    expect(exchange).toMatchObject({ prompt: 'Tell me of bees', text: 'Bees fly. They hum', running: false })
    expect(exchange?.answer?.chargeMicroUsd).toBe(5n)
    expect(conversation.draft).toBe('')
    expect(history.movements).toMatchObject([{ kind: 'deposit', feeMicroUsd: 2n, transaction: '0x0d' }])
    expect(history.asked).toMatchObject([{ side: 'asked', modelName: 'Fixture' }])
  })

  it('sends what was said before along', async () => {
    const { conversation } = converse(plain)
    conversation.draft = 'One'
    await conversation.send(entry)
    conversation.draft = 'Two'
    await conversation.send(entry)
    expect(asked[1]?.messages).toEqual([
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'Bees fly. They hum' },
      { role: 'user', content: 'Two' },
    ])
  })

  it('speaks finished sentences, the last one at the end', async () => {
    const { conversation } = converse(plain)
    conversation.draft = 'Bees'
    await conversation.send(entry)
    expect(conversation.spoken).toEqual(['Bees fly.', ' They hum\n'])
  })

  it('sends the fixed seed as 128 bits, and none when every answer draws its own', async () => {
    const { conversation, settings } = converse(plain)
    settings.seed = 255
    conversation.draft = 'One'
    await conversation.send(entry)
    settings.seed = null
    conversation.draft = 'Two'
    await conversation.send(entry)
    expect(asked[0]?.seed).toBe('0x000000000000000000000000000000ff')
    expect(asked[1]).not.toHaveProperty('seed')
  })

  it('does nothing with an empty draft, or while an answer is coming', async () => {
    const held = Promise.withResolvers<void>()
    const { conversation } = converse(async function* () {
      yield { type: 'choosing' }
      await held.promise
      return answerOf('Done', 1)
    })
    await conversation.send(entry)
    expect(conversation.exchanges).toHaveLength(0)
    conversation.draft = 'One'
    const first = conversation.send(entry)
    conversation.draft = 'Two'
    await conversation.send(entry)
    expect(conversation.draft).toBe('Two')
    held.resolve()
    await first
    expect(asked).toHaveLength(1)
  })
})

describe('the price', () => {
  const quoteOf = (completionMicroUsdPerMillion: bigint, spreadMillionths = 0): Quote => ({
    offers: 1,
    best: {
      ...offer,
      modelId: entry.id,
      price: { promptMicroUsdPerMillion: 100n, completionMicroUsdPerMillion },
    },
    hub: { account: offer.provider, peerId: 'relay', spreadMillionths },
    typicalChargeMicroUsd: 7n,
    lacksHub: false,
    depositFeeMicroUsd: null,
    tokensPerSecond: 20,
  })

  it('that is shown is the most that is paid, the spread included', async () => {
    quote = quoteOf(200n, 20_000)
    const { conversation, deal } = converse(plain)
    await deal.refresh(entry.id)
    conversation.draft = 'Bees'
    await conversation.send(entry)
    expect(asked[0]?.atMost).toEqual({ promptMicroUsdPerMillion: 102n, completionMicroUsdPerMillion: 204n })
  })

  it('is nothing where none is shown for the model', async () => {
    quote = quoteOf(200n)
    const { conversation, deal } = converse(plain)
    await deal.refresh(entry.id)
    conversation.draft = 'Bees'
    await conversation.send({ ...entry, id: `0x${'77'.repeat(32)}` })
    expect(asked[0]?.atMost).toEqual({ promptMicroUsdPerMillion: 0n, completionMicroUsdPerMillion: 0n })
  })

  it('that has changed is told and shown; sending again agrees to what was told', async () => {
    quote = quoteOf(200n)
    const told = { promptMicroUsdPerMillion: 100n, completionMicroUsdPerMillion: 300n }
    const { conversation, deal } = converse(async function* (request) {
      yield { type: 'choosing' }
      if (request.atMost!.completionMicroUsdPerMillion < 300n) throw new PriceChangedError(told, 9n)
      return yield* plain()
    })
    await deal.refresh(entry.id)
    quote = quoteOf(400n)
    conversation.draft = 'Bees'
    await conversation.send(entry)
    const failed = conversation.exchanges[0]!
    expect(failed.failure).toMatchObject({
      code: 'market/price-changed',
      asks: { price: told, typicalChargeMicroUsd: 9n },
    })
    expect(deal.quote?.best.price.completionMicroUsdPerMillion).toBe(400n)
    await conversation.retry(failed, entry)
    expect(asked[1]?.atMost).toEqual(told)
    expect(conversation.exchanges).toMatchObject([{ text: 'Bees fly. They hum', failure: null }])
  })
})

describe('when it goes wrong', () => {
  it('writes down no deposit that was not made', async () => {
    const { conversation, history } = converse(async function* () {
      yield { type: 'funding', stage: 'faucet', amountMicroUsd: 5n, feeMicroUsd: 0n }
      yield { type: 'funding', stage: 'deposit', amountMicroUsd: 4n, feeMicroUsd: 1n }
      throw new ChainError('chain/user-rejected', 'The deposit was not signed.')
    })
    conversation.draft = 'Bees'
    await conversation.send(entry)
    expect(history.movements).toMatchObject([{ kind: 'test-funds', amountMicroUsd: 5n }])
  })

  it('keeps the failure where the answer would have stood', async () => {
    const { conversation, history } = converse(async function* () {
      yield { type: 'choosing' }
      throw new MarketError('market/no-offers', 'No tab offers this model right now.')
    })
    conversation.draft = 'Bees'
    await conversation.send(entry)
    expect(conversation.exchanges[0]?.failure?.code).toBe('market/no-offers')
    expect(history.asked).toEqual([])
  })

  it('stops a wait that does not listen to the signal itself', async () => {
    const tab = fakeTab({ documents, requester: () => new Promise(() => {}) })
    const conversation = new Conversation(tab, new AskSettings(tab), new History(tab), new Deal(tab))
    conversation.draft = 'Bees'
    const sending = conversation.send(entry)
    await vi.waitFor(() => expect(conversation.current).not.toBeNull())
    conversation.stop()
    await sending
    expect(conversation.exchanges[0]?.failure?.code).toBe('market/cancelled')
  })

  it('shows an answer that was coming when the page went as broken off, its text kept', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const held = Promise.withResolvers<void>()
    const { conversation } = converse(async function* () {
      yield tokens('Bees', 1)
      vi.setSystemTime(Date.now() + 5_000)
      yield tokens(' fly', 2)
      await held.promise
      return answerOf('Bees fly', 2)
    })
    conversation.draft = 'Bees'
    void conversation.send(entry)
    await vi.waitFor(() => expect(conversation.current?.text).toBe('Bees fly'))
    vi.useRealTimers()
    const reopened = converse(plain).conversation
    await reopened.restore()
    expect(reopened.exchanges[0]).toMatchObject({ text: 'Bees fly', running: false })
    expect(reopened.exchanges[0]?.failure?.code).toBe('page/reloaded')
    held.resolve()
  })
})

it('goes on without storage, and says what that means', async () => {
  const refused = { ...testDocuments(), put: () => Promise.reject(new Error('No space.')) }
  documents = refused
  const { conversation } = converse(plain)
  conversation.draft = 'Bees'
  await conversation.send(entry)
  expect(conversation.exchanges[0]?.text).toBe('Bees fly. They hum')
  expect(conversation.unkept?.shortMessage).toBe('No space.')
})

describe('going back', () => {
  it('retries from an exchange on, and drops what stood after it', async () => {
    const { conversation } = converse(plain)
    for (const draft of ['One', 'Two', 'Three']) {
      conversation.draft = draft
      await conversation.send(entry)
    }
    const second = conversation.exchanges[1]
    if (second) await conversation.retry(second, entry)
    expect(conversation.exchanges.map(({ prompt }) => prompt)).toEqual(['One', 'Two'])
  })

  it('takes a prompt back into the composer', async () => {
    const { conversation } = converse(plain)
    conversation.draft = 'One'
    await conversation.send(entry)
    const first = conversation.exchanges[0]
    if (first) await conversation.edit(first)
    expect(conversation.draft).toBe('One')
    expect(conversation.exchanges).toEqual([])
    const reopened = converse(plain).conversation
    await reopened.restore()
    expect(reopened.exchanges).toEqual([])
  })
})

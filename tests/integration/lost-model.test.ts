import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/device/manual-clock.ts'
import { chargeMicroUsd } from '../../src/domain/price.ts'
import { EngineError } from '../../src/errors/index.ts'
import { accounts, price } from '../fixtures/jobs.ts'
import { makeAsk, never, openMarket, runAsk } from '../fixtures/market.ts'

const outOfMemory = new EngineError('engine/out-of-memory', 'The memory here is too small for this.')

type Market = ReturnType<typeof openMarket>
type ProviderTab = Awaited<ReturnType<Market['joinProvider']>>

const nextTurn = () => new Promise<void>((resolve) => setTimeout(resolve))
const whenAborted = (signal?: AbortSignal) =>
  new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))

const losses: [name: string, lose: (tab: ProviderTab, market: Market) => void][] = [
  ['whose model is lost for good', ({ engine }) => engine.lose(outOfMemory)],
  ['that is reloaded', ({ peerId }, market) => void market.tabs.kill(peerId)],
]

describe.each(losses)('a tab %s', (_, lose) => {
  test('before its first token: another tab answers, and nothing is paid for nothing', async () => {
    const market = openMarket()
    let isStuck = false
    const fast = await market.joinProvider(accounts[2], {
      engine: { tokensPerSecond: 1000, pause: (signal) => (isStuck ? whenAborted(signal) : nextTurn()) },
    })
    const slow = await market.joinProvider(accounts[3], { engine: { tokensPerSecond: 10 } })
    const { requester, settlement } = await market.joinRequester()
    const dialled: string[] = []
    isStuck = true
    const answer = await runAsk(requester.ask(makeAsk(), never), (event) => {
      if (event.type === 'dialling') dialled.push(event.offer.provider)
      if (event.type === 'accepted' && dialled.length === 1) lose(fast, market)
    })
    expect(dialled).toEqual([fast.wallet.address, slow.wallet.address])
    expect(answer.error).toBeNull()
    expect(answer.chargeMicroUsd).toBe(chargeMicroUsd(answer.tokens, price))
    expect((await settlement.overview()).spentMicroUsd).toBe(answer.chargeMicroUsd)
    await slow.provider.stop()
  })

  test('while its answer streams: the requester is told, keeps the text, and asks again with success', async () => {
    const market = openMarket()
    const tab = await market.joinProvider(accounts[2], { engine: { tokensPerSecond: 1000 } })
    const other = await market.joinProvider(accounts[3], { engine: { tokensPerSecond: 10 } })
    const { requester } = await market.joinRequester()
    const answer = await runAsk(requester.ask(makeAsk(), never), (event) => {
      if (event.type === 'tokens' && event.tokens.completionTokens === 10) lose(tab, market)
    })
    expect(answer.error?.shortMessage).toMatch(/\.$/)
    expect(answer.tokenIds.length).toBeGreaterThanOrEqual(10)
    expect(answer.text.length).toBeGreaterThan(0)
    expect(answer.chargeMicroUsd).toBeLessThanOrEqual(chargeMicroUsd(answer.tokens, price))
    expect((await runAsk(requester.ask(makeAsk(), never))).error).toBeNull()
    await other.provider.stop()
  })
})

test('a model that is lost for good ends sharing, and says of what; what was sent has its receipt', async () => {
  const market = openMarket()
  const { engine, provider, directory } = await market.joinProvider()
  const { requester } = await market.joinRequester()
  const answer = await runAsk(requester.ask(makeAsk(), never), (event) => {
    if (event.type === 'tokens' && event.tokens.completionTokens === 10) engine.lose(outOfMemory)
  })
  expect(answer.error).toEqual(outOfMemory.toPeer())
  expect(answer.finishReason).toBe('failed')
  expect(answer.receipt?.receipt.tokens).toEqual(answer.tokens)
  await expect.poll(() => provider.status().stage).toBe('failed')
  expect(provider.status()).toMatchObject({ error: outOfMemory.toPeer(), jobs: [] })
  expect((await directory.list()).offers).toEqual([])
})

test('a model that is back with fewer slots or other arithmetic is offered so at once', async () => {
  const market = openMarket()
  const tab = await market.joinProvider(accounts[2], { clock: new ManualClock(Date.now()) })
  const arithmeticId = `0x${'22'.repeat(32)}` as const
  tab.engine.comeBack({ slots: 2, arithmeticId })
  const offered = async () => (await tab.directory.list()).offers.map(({ offer }) => offer)
  await expect.poll(offered).toMatchObject([{ slots: 2, freeSlots: 2, arithmeticId }])
  expect(tab.provider.status().loaded).toMatchObject({ slots: 2, arithmeticId })
  await tab.provider.stop()
})

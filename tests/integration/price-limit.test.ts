import { expect, test, vi } from 'vitest'
import { priceWithSpread, withSpread } from '../../src/domain/hub.ts'
import { typicalChargeMicroUsd } from '../../src/domain/rank-offers.ts'
import { PriceChangedError } from '../../src/errors/index.ts'
import type { AskEvent } from '../../src/roles/ask/ask-event.ts'
import type { AskRequest } from '../../src/roles/ask/request.ts'
import type { Answer } from '../../src/roles/tasks/answer.ts'
import { openDeal } from '../fixtures/hub-deal.ts'
import { price } from '../fixtures/jobs.ts'
import { entry, makeAsk, never, openMarket, runAsk } from '../fixtures/market.ts'

type Asking = { ask(request: AskRequest, signal: AbortSignal): ReturnType<Asker> }
type Asker = Awaited<ReturnType<typeof openDeal>>['buyer']['requester']['ask']

/** Asks, and returns whom it dialled and what it failed with. */
async function askAt(requester: Asking, request: AskRequest) {
  const steps: AskEvent[] = []
  const answer = await runAsk(requester.ask(request, never), (event) => void steps.push(event)).catch(
    (error: unknown) => error,
  )
  return { answer, dialled: steps.filter(({ type }) => type === 'dialling') }
}

test('a provider that puts its price up between quote and send is not asked, and the new price is told', async () => {
  const market = openMarket()
  const { provider } = await market.joinProvider()
  const { requester, vouchers } = await market.joinRequester()
  const quote = await requester.quote(entry.id)
  await provider.stop()
  const dearer = { ...price, completionMicroUsdPerMillion: price.completionMicroUsdPerMillion + 1n }
  await provider.start({ entry, price: dearer })

  const atMost = priceWithSpread(quote!.best.price, quote!.hub)
  const { answer, dialled } = await askAt(requester, makeAsk({ atMost }))
  expect(answer).toBeInstanceOf(PriceChangedError)
  expect(answer).toMatchObject({
    price: dearer,
    typicalChargeMicroUsd: typicalChargeMicroUsd({ price: dearer }),
  })
  expect(dialled).toEqual([])
  expect(await vouchers.channels('payer')).toEqual([])
  expect(
    (await askAt(requester, makeAsk({ atMost: (answer as PriceChangedError).price }))).answer,
  ).toMatchObject({
    error: null,
  })
  await provider.stop()
})

test('one provider that is within it is asked, whoever is dearer', async () => {
  const market = openMarket()
  const cheap = await market.joinProvider()
  const dear = await market.joinProvider((await market.joinRequester()).session)
  await dear.provider.stop()
  await dear.provider.start({ entry, price: { ...price, promptMicroUsdPerMillion: 9_000_000n } })
  const { requester } = await market.joinRequester()
  const { answer } = await askAt(requester, makeAsk({ atMost: price }))
  expect(answer).toMatchObject({ error: null, offer: { peerId: cheap.peerId } })

  // Gone without a word: what is left costs more than was seen.
  await market.tabs.kill(cheap.peerId)
  expect((await askAt(requester, makeAsk({ atMost: price }))).answer).toBeInstanceOf(PriceChangedError)
  await dear.provider.stop()
})

test('a hub that raises its spread between quote and send counts too', async () => {
  const deal = await openDeal()
  const { market, seller, buyer } = deal
  const quote = await buyer.requester.quote(entry.id)
  expect(quote?.hub?.spreadMillionths).toBe(20_000)
  const atMost = priceWithSpread(quote!.best.price, quote!.hub)
  await deal.hub.stop()
  const hub = market.startHub({ policy: { spreadMillionths: 50_000 } })
  const spread = async () => (await buyer.requester.quote(entry.id))?.hub?.spreadMillionths
  await vi.waitUntil(async () => (await spread()) === 50_000, { timeout: 20_000, interval: 100 })

  const { answer, dialled } = await askAt(buyer.requester, makeAsk({ atMost }))
  expect(dialled).toEqual([])
  expect(answer).toMatchObject({
    code: 'market/price-changed',
    price: priceWithSpread(price, hub.terms),
    typicalChargeMicroUsd: typicalChargeMicroUsd({ price }, hub.terms),
  })
  const agreed = await askAt(buyer.requester, makeAsk({ atMost: priceWithSpread(price, hub.terms) }))
  expect(agreed.answer).toMatchObject({ error: null, hub: { spreadMillionths: 50_000 } })
  const { receipt, chargeMicroUsd } = agreed.answer as Answer
  expect(chargeMicroUsd).toBe(withSpread(receipt!.receipt.chargeMicroUsd, hub.terms))
  await seller.provider.stop()
  await hub.stop()
})

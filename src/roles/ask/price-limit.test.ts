import { expect, test } from 'vitest'
import { testOffer } from '../../../tests/fixtures/offer.ts'
import type { Hub } from '../../domain/hub.ts'
import type { Price } from '../../domain/price.ts'
import { typicalChargeMicroUsd } from '../../domain/rank-offers.ts'
import type { RoutedOffer } from '../fund/choose-route.ts'
import { PriceLimit } from './price-limit.ts'

const seen: Price = { promptMicroUsdPerMillion: 51_000n, completionMicroUsdPerMillion: 204_000n }
const hub = (spreadMillionths: number): Hub => ({
  account: `0x${'ab'.repeat(20)}`,
  peerId: 'relay',
  spreadMillionths,
})
const routed = (peerId: string, price: Price, paidThrough: Hub | null): RoutedOffer => ({
  offer: testOffer(peerId, { price }),
  signature: '0x',
  lacksHub: false,
  hub: paidThrough,
})
const price: Price = { promptMicroUsdPerMillion: 50_000n, completionMicroUsdPerMillion: 200_000n }

test('offers at or below what was seen are kept in their order, spreads counted', () => {
  const offers = [
    routed('exactly so', price, hub(20_000)),
    routed('raised spread', price, hub(20_010)),
    routed(
      'raised prompt',
      { ...price, promptMicroUsdPerMillion: 51_001n, completionMicroUsdPerMillion: 1n },
      null,
    ),
    routed('direct', price, null),
  ]
  const limit = new PriceLimit(seen)
  expect(limit.within(offers).map(({ offer }) => offer.peerId)).toEqual(['exactly so', 'direct'])
})

test('the best of those above tells the new price', () => {
  const limit = new PriceLimit(seen)
  const dear = routed('dear', { ...price, completionMicroUsdPerMillion: 300_000n }, hub(50_000))
  limit.within([dear, routed('dearer', { ...price, completionMicroUsdPerMillion: 900_000n }, null)])
  expect(limit.exceeded()).toMatchObject({
    code: 'market/price-changed',
    price: { promptMicroUsdPerMillion: 52_500n, completionMicroUsdPerMillion: 315_000n },
    typicalChargeMicroUsd: typicalChargeMicroUsd(dear.offer, dear.hub),
  })
  limit.within([])
  expect(limit.exceeded()).toBeNull()
})

test('without a limit every offer is kept', () => {
  const limit = new PriceLimit(null)
  expect(limit.within([routed('any', price, hub(500_000))])).toHaveLength(1)
  expect(limit.exceeded()).toBeNull()
})

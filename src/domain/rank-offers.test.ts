import { expect, test } from 'vitest'
import { testOffer } from '../../tests/fixtures/offer.ts'
import type { Offer } from './offer.ts'
import { rankOffers, typicalChargeMicroUsd } from './rank-offers.ts'

const entry = (peerId: string, change: Partial<Offer>) => ({ offer: testOffer(peerId, change) })
const ranked = (...entries: { offer: Offer }[]) => rankOffers(entries).map(({ offer }) => offer.peerId)

const dear = { promptMicroUsdPerMillion: 500_000n, completionMicroUsdPerMillion: 2_000_000n }

test('at the same speed the cheaper offer is first', () => {
  expect(ranked(entry('dear', { price: dear }), entry('cheap', {}))).toEqual(['cheap', 'dear'])
})

test('at the same price the faster offer is first', () => {
  expect(ranked(entry('slow', { milliTokensPerSecond: 2_000 }), entry('fast', {}))).toEqual(['fast', 'slow'])
})

test('a little dearer and much faster wins', () => {
  const price = { promptMicroUsdPerMillion: 50_000n, completionMicroUsdPerMillion: 220_000n }
  const fast = entry('fast', { price, milliTokensPerSecond: 50_000 })
  expect(ranked(entry('slow', { milliTokensPerSecond: 5_000 }), fast)).toEqual(['fast', 'slow'])
})

test('full tabs come last', () => {
  const full = entry('full', { freeSlots: 0 })
  expect(ranked(full, entry('dear', { price: dear }))).toEqual(['dear', 'full'])
})

test('a hub’s spread counts as price', () => {
  const hub = { account: '0x01', peerId: 'relay', spreadMillionths: 300_000 } as const
  const price = { promptMicroUsdPerMillion: 55_000n, completionMicroUsdPerMillion: 220_000n }
  const direct = { ...entry('direct', { price }), hub: null }
  const through = { ...entry('through', {}), hub }
  expect(rankOffers([through, direct]).map(({ offer }) => offer.peerId)).toEqual(['direct', 'through'])
  expect(typicalChargeMicroUsd(through.offer, hub)).toBe((typicalChargeMicroUsd(through.offer) * 13n) / 10n)
})

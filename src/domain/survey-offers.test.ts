import { expect, it } from 'vitest'
import { testOffer } from '../../tests/fixtures/offer.ts'
import { surveyOffers } from './survey-offers.ts'

const offerOf = (slots: number, freeSlots: number, completionMicroUsdPerMillion: bigint) =>
  testOffer('peer', {
    slots,
    freeSlots,
    price: { promptMicroUsdPerMillion: 0n, completionMicroUsdPerMillion },
  })

it('counts tabs, places and busy places, and tells the range of prices', () => {
  expect(surveyOffers([offerOf(4, 1, 300n), offerOf(2, 2, 100n), offerOf(1, 0, 200n)])).toEqual({
    tabs: 3,
    slots: 7,
    busySlots: 4,
    price: { lowest: 100n, middle: 200n, highest: 300n },
  })
})

it('takes the lower of two middle prices', () => {
  expect(surveyOffers([offerOf(1, 1, 100n), offerOf(1, 1, 900n)]).price?.middle).toBe(100n)
})

it('lets nobody make demand by boasting of places, or have more free ones than places', () => {
  expect(surveyOffers([offerOf(1024, 0, 1n), offerOf(2, 1024, 1n)])).toMatchObject({
    slots: 10,
    busySlots: 8,
  })
})

it('says nothing of prices where nobody offers', () => {
  expect(surveyOffers([])).toEqual({ tabs: 0, slots: 0, busySlots: 0, price: null })
})

import { expect, test } from 'vitest'
import type { Offer, SignedOffer } from '../domain/offer.ts'
import { earliestExpiry, mergeViews } from './merge-views.ts'

function offer(peerId: string, sequence: number, expiresAtSeconds = 100): SignedOffer {
  return { offer: { peerId, sequence, expiresAtSeconds } as Offer, signature: '0x' }
}

const names = (offers: SignedOffer[]) =>
  offers.map(({ offer: { peerId, sequence } }) => `${peerId}${sequence}`)

test('of several relays every different offer is told once: which is a tab’s newest shows when it is verified', () => {
  const view = mergeViews(
    [
      { offers: [offer('a', 1), offer('b', 7)], peers: 3 },
      { offers: [offer('a', 2), offer('b', 6), offer('c', 1), offer('b', 7)], peers: 5 },
    ],
    50,
  )
  expect(names(view.offers)).toEqual(['a1', 'b7', 'a2', 'b6', 'c1'])
  expect(view.peers).toBe(5)
})

test('offers whose lifetime is over are left out', () => {
  const { offers } = mergeViews([{ offers: [offer('a', 1, 50), offer('b', 1, 51)], peers: 0 }], 50)
  expect(names(offers)).toEqual(['b1'])
})

test('no relay, no offers', () => {
  const view = mergeViews([], 0)
  expect(view).toEqual({ offers: [], peers: 0 })
  expect(earliestExpiry(view)).toBeNull()
})

test('the earliest expiry is the next moment to look', () => {
  expect(earliestExpiry({ offers: [offer('a', 1, 70), offer('b', 1, 60)], peers: 2 })).toBe(60)
})

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Offer, SignedOffer } from '../domain/offer.ts'
import { ToldOffers } from './told-offers.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function offer(peerId: string, sequence = 1): SignedOffer {
  return { offer: { peerId, sequence } as Offer, signature: '0x' }
}

const tabs = (told: ToldOffers) => told.offers().map(({ offer: { peerId } }) => peerId)

test('a view starts, changes add and take away, a departure takes away', () => {
  const told = new ToldOffers(() => {})
  told.take({ type: 'view', offers: [offer('a'), offer('b')], peers: 2 })
  told.take({ type: 'changed', offers: [offer('c')], gone: ['a'], peers: 3 })
  expect(tabs(told)).toEqual(['b', 'c'])
  told.take({ type: 'departed', peerId: 'b' })
  expect(tabs(told)).toEqual(['c'])
  expect(told.peers).toBe(3)
})

test('after a relay restart the offers from before stay for a moment', () => {
  const onGraceOver = vi.fn<() => void>()
  const told = new ToldOffers(onGraceOver)
  told.take({ type: 'view', offers: [offer('a'), offer('b')], peers: 2 })
  told.take({ type: 'view', offers: [], peers: 1 })
  told.take({ type: 'changed', offers: [offer('b', 2)], gone: [], peers: 2 })
  expect(new Set(tabs(told))).toEqual(new Set(['a', 'b']))
  vi.runAllTimers()
  expect(tabs(told)).toEqual(['b'])
  expect(onGraceOver).toHaveBeenCalledOnce()
})

test('a departure in that moment counts', () => {
  const told = new ToldOffers(() => {})
  told.take({ type: 'view', offers: [offer('a')], peers: 1 })
  told.take({ type: 'view', offers: [], peers: 1 })
  told.take({ type: 'departed', peerId: 'a' })
  expect(tabs(told)).toEqual([])
})

test('a relay that lists without end is not believed', () => {
  const told = new ToldOffers(() => {})
  for (let tab = 0; tab < 5_000; tab++) {
    told.take({ type: 'changed', offers: [offer(`tab-${tab}`)], gone: [], peers: 1 })
  }
  expect(told.offers()).toHaveLength(4_096)
})

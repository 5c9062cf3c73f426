import type { MicroUsd } from './price.ts'
import type { Offer } from './offer.ts'

/** What the offers of one model say together. Nobody checks what a tab says of its own places. */
export type ModelMarket = {
  /** Tabs that offer it. */
  tabs: number
  /** Answers that they give at a time, and how many of those are under way. */
  slots: number
  busySlots: number
  /** Prices of a million answer tokens; null where nobody offers it. */
  price: { lowest: MicroUsd; middle: MicroUsd; highest: MicroUsd } | null
}

/** A tab counts for no more: one that boasts of a thousand busy places makes no demand. */
const mostSlots = 8

/** Returns what these offers of one model say together. */
export function surveyOffers(offers: readonly Offer[]): ModelMarket {
  const counted = offers.map(({ slots, freeSlots }) => {
    const there = Math.min(slots, mostSlots)
    return { slots: there, busySlots: Math.min(Math.max(slots - freeSlots, 0), there) }
  })
  return {
    tabs: offers.length,
    slots: counted.reduce((sum, { slots }) => sum + slots, 0),
    busySlots: counted.reduce((sum, { busySlots }) => sum + busySlots, 0),
    price: priceRange(offers.map(({ price }) => price.completionMicroUsdPerMillion)),
  }
}

function priceRange(prices: MicroUsd[]): ModelMarket['price'] {
  const sorted = prices.toSorted((a, b) => (a < b ? -1 : Number(a > b)))
  const [lowest, highest] = [sorted[0], sorted.at(-1)]
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]
  if (lowest === undefined || middle === undefined || highest === undefined) return null
  return { lowest, middle, highest }
}

import { type Hub, withSpread } from './hub.ts'
import type { Task } from './job.ts'
import { type TokenCount, chargeMicroUsd } from './price.ts'
import type { Offer } from './offer.ts'

/** What prices and speeds are compared on: a chat turn, or a few paragraphs to embed. */
const typicalJobs: Record<Task, TokenCount> = {
  chat: { promptTokens: 300, completionTokens: 250 },
  embed: { promptTokens: 300, completionTokens: 0 },
}

/** What a second of waiting is worth to a requester, in micro-dollars. */
const microUsdPerSecond = 5

/** An offer and the hub that it would be paid through, if any. */
type Payable = { offer: Offer; hub?: Hub | null }

/** Seconds that what a typical job of this offer generates takes. */
function typicalSeconds(offer: Offer, task: Task): number {
  return (typicalJobs[task].completionTokens * 1000) / Math.max(offer.milliTokensPerSecond, 1)
}

/** Returns the price of a typical answer, or job of another task, with the hub's spread, if any, in micro-dollars. */
export function typicalChargeMicroUsd(
  offer: Pick<Offer, 'price'>,
  hub: Hub | null = null,
  task: Task = 'chat',
): bigint {
  return withSpread(chargeMicroUsd(typicalJobs[task], offer.price), hub)
}

/** Lower is better: the price of a typical job plus what its waiting is worth, both in micro-dollars. */
function score({ offer, hub = null }: Payable, task: Task): number {
  return Number(typicalChargeMicroUsd(offer, hub, task)) + typicalSeconds(offer, task) * microUsdPerSecond
}

/** Returns the offers best for a task first, spreads counted; those with a free slot before those that are full. */
export function rankOffers<entry extends Payable>(entries: readonly entry[], task: Task = 'chat'): entry[] {
  const full = ({ offer }: entry) => (offer.freeSlots > 0 ? 0 : 1)
  return entries.toSorted((a, b) => full(a) - full(b) || score(a, task) - score(b, task))
}

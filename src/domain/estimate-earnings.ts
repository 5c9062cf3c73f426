import { type EnergySettings, energyUsdPerHour, grossUsdPerHour } from './energy.ts'
import type { MicroUsd } from './price.ts'
import type { ModelMarket } from './survey-offers.ts'

/** A model on a machine in a market. */
export type EarningCase = {
  tokensPerSecond: number
  /** Asked for a million answer tokens. */
  completionMicroUsdPerMillion: MicroUsd
  /** The publisher's part of it, in hundredths of a percent. */
  royaltyBps: number
  energy: EnergySettings
  /** Share of the machine's time that its owner gives, from 0 to 1. */
  share: number
  /** Answers that this tab would give at a time. */
  slots: number
  /** All offers of the model, this tab's own among them where it has one. */
  market: ModelMarket
  /** How many of the market's places are this tab's already. */
  ownSlots: number
}

/** What an hour would leave, and how that comes about. Prompts, which pay a little too, are left out. */
export type EarningsEstimate = {
  /** Share of the hour in which this machine would be answering, if all places were as busy as the market's are now. */
  busyShare: number
  /** Dollars of that hour: paid by requesters, without the royalty; taken by electricity; left. */
  paidUsd: number
  powerUsd: number
  netUsd: number
  /** Dollars left of an hour without a pause. */
  steadyNetUsd: number
}

/** Estimates what sharing a model leaves in an hour: one answer at a time, several at once are quicker. */
export function estimateEarnings(given: EarningCase): EarningsEstimate {
  const { tokensPerSecond, completionMicroUsdPerMillion, royaltyBps, energy, share } = given
  const kept = 1 - royaltyBps / 10_000
  const paidUsdWhenSteady = grossUsdPerHour(tokensPerSecond, completionMicroUsdPerMillion) * kept * share
  const powerUsdWhenSteady = energyUsdPerHour(energy) * share
  const busyShare = Math.min(answersHere(given), 1)
  const paidUsd = paidUsdWhenSteady * busyShare
  const powerUsd = powerUsdWhenSteady * busyShare
  const steadyNetUsd = paidUsdWhenSteady - powerUsdWhenSteady
  return { busyShare, paidUsd, powerUsd, netUsd: paidUsd - powerUsd, steadyNetUsd }
}

/** Returns how many answers would be under way here: the work there is, spread over all places with this tab's. */
function answersHere({ market, slots, ownSlots }: EarningCase): number {
  const places = Math.max(market.slots - ownSlots, 0) + slots
  return places === 0 ? 0 : (market.busySlots * slots) / places
}

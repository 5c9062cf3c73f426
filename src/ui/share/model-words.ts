import type { CatalogueEntry, ModelId } from '../../domain/model.ts'
import type { Fit, ModelChoice, SharedModel } from '../../state/shared-models.svelte.ts'
import { formatDollars, formatMegabytes, formatShare, formatUsd, plural, shorten } from '../format.ts'

/** Returns who published a model, and what part of the earnings that takes. */
export function describeOrigin({ listing }: Pick<CatalogueEntry, 'listing'>): string {
  if (!listing) return 'comes with this page'
  const { publisher, royaltyBps } = listing
  const royalty = royaltyBps > 0 ? `, who gets ${formatShare(royaltyBps * 100)} of what it earns` : ''
  return `published by ${shorten(publisher)}${royalty}`
}

/** Returns whether a model fits this computer, and what of. */
export function describeFit(fit: Fit): string {
  if (fit.fits) return `Fits: takes about ${formatMegabytes(fit.neededBytes)} of memory while it is loaded.`
  if (!fit.shortage) return 'Does not fit: this browser cannot run models.'
  const { of, neededBytes, thereBytes } = fit.shortage
  const [needed, there] = [formatMegabytes(neededBytes), formatMegabytes(thereBytes)]
  const words = {
    memory: `it takes about ${needed} of memory, and ${there} can be spared`,
    program: `it takes about ${needed}, and a page can use ${there} without a GPU`,
    'gpu-matrix': `its largest matrix is about ${needed}, and this GPU takes ${there}`,
  }
  return `Probably does not fit: ${words[of]}.`
}

/** Returns what is asked of a model and what it pays, and who holds it. */
export function describeMarket({ market, holders }: Pick<SharedModel, 'market' | 'holders'>): string {
  const { tabs, slots, busySlots, price } = market
  const held = holders ? ` ${plural(holders, 'tab')} can bring its bytes.` : ''
  if (!price) return `Nobody offers it now: you would be the first.${held}`
  const [lowest, highest] = [formatUsd(price.lowest), formatUsd(price.highest)]
  const range = lowest === highest ? lowest : `${lowest} to ${highest}`
  return `${plural(tabs, 'tab')} ${tabs === 1 ? 'offers' : 'offer'} it for ${range} per million tokens; ${busySlots} of ${plural(slots, 'place')} ${busySlots === 1 ? 'is' : 'are'} busy.${held}`
}

/** Returns which model this tab chooses, and why. */
export function describeChoice(
  { id, reason, rival }: ModelChoice,
  find: (id: ModelId | null) => Pick<SharedModel, 'entry' | 'earnings'> | null,
): string {
  const [chosen, other] = [find(id), find(rival)]
  const nameOf = (model: typeof chosen) => model?.entry.manifest.name ?? ''
  const left = (model: typeof chosen, isSteady: boolean) =>
    formatDollars((isSteady ? model?.earnings?.steadyNetUsd : model?.earnings?.netUsd) ?? 0)
  const than = (isSteady: boolean) => (other ? `, ${nameOf(other)} would leave ${left(other, isSteady)}` : '')
  const words: Record<ModelChoice['reason'], () => string> = {
    only: () => 'it is the only one that fits this computer',
    'earns-most': () => `at today’s demand it leaves about ${left(chosen, false)} an hour${than(false)}`,
    'earns-most-steady': () =>
      `nobody waits for an answer now, and of an hour without a pause it leaves about ${left(chosen, true)}${than(true)}`,
    close: () => `${nameOf(other)} would leave a little more, which is not worth a change`,
    smallest: () => 'nothing was measured on this computer yet, so it takes the shortest download',
  }
  return `${nameOf(chosen)}: ${words[reason]()}. It chooses each time that sharing starts.`
}

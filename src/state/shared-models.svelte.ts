import { type ModelChoice, chooseModel } from '../domain/choose-model.ts'
import { type EarningsEstimate, estimateEarnings } from '../domain/estimate-earnings.ts'
import type { Speed } from '../domain/estimate-speed.ts'
import { type Fit, type MachineLimits, fitModel } from '../domain/fit-model.ts'
import { reckonNeeds } from '../domain/model-needs.ts'
import type { CatalogueEntry, ModelId } from '../domain/model.ts'
import { type ModelMarket, surveyOffers } from '../domain/survey-offers.ts'
import type { EngineProbe } from '../ports/engine.ts'
import type { Models } from './models.svelte.ts'
import type { NetworkView } from './network-view.svelte.ts'
import type { Sharing } from './sharing.svelte.ts'
import type { Tab } from './tab.ts'

export type { EarningsEstimate, Fit, ModelChoice, ModelMarket, Speed }

/** A model that could be shared, with all that speaks for and against it. */
export type SharedModel = {
  entry: CatalogueEntry
  downloadBytes: number
  /** What it takes on the disk, prepared weights included: an estimate. */
  storedBytes: number
  /** Null while nobody has looked at the machine. */
  fit: Fit | null
  market: ModelMarket
  /** Null while nothing was measured on this machine. */
  speed: Speed | null
  earnings: EarningsEstimate | null
  /** Tabs that hold it or a part of it; null while nobody has said. */
  holders: number | null
}

/** Answers at a time that are reckoned with where memory decides. */
const usualSlots = 2

type Surroundings = { models: Models; network: NetworkView; sharing: Sharing }

/** The models that this computer could share, and the one that would earn most. */
export class SharedModels {
  #tab: Tab
  #around: Surroundings
  #holders = $state.raw<ReadonlyMap<ModelId, number>>(new Map())
  readonly list: SharedModel[] = $derived.by(() =>
    this.#around.models.entries.map((entry) => this.#describe(entry)),
  )
  /** What this tab would choose; null while nothing is known to fit. */
  readonly choice: ModelChoice | null = $derived.by(() => {
    const { modelId } = this.#around.sharing.terms
    return chooseModel(
      this.list.map(({ entry, fit, downloadBytes, earnings }) => ({
        id: entry.id,
        fits: fit?.fits === true,
        downloadBytes,
        earnings,
      })),
      modelId,
    )
  })

  constructor(tab: Tab, around: Surroundings) {
    this.#tab = tab
    this.#around = around
  }

  /** The model that is shared, or would be: this tab's choice where that is wanted, else the person's, else the first. */
  get chosen(): CatalogueEntry | null {
    const { models, sharing } = this.#around
    if (sharing.active && sharing.entry) return sharing.entry
    const wanted = sharing.terms.isAutomatic ? (this.choice?.id ?? null) : sharing.terms.modelId
    return models.find(wanted) ?? models.entries[0] ?? null
  }

  find(id: ModelId | null): SharedModel | null {
    return this.list.find(({ entry }) => entry.id === id) ?? null
  }

  /** Asks the relays who holds the models. Where none answers, it stays unknown. */
  async lookForHolders(): Promise<void> {
    const holders = await this.#tab.holders()
    const found = await Promise.all(
      this.#around.models.entries.map(async ({ id }) => [id, (await holders.find(id)).count] as const),
    )
    this.#holders = new Map(found)
  }

  #describe(entry: CatalogueEntry): SharedModel {
    const { network, sharing } = this.#around
    const needs = reckonNeeds(entry.manifest)
    const offers = network.offers.filter(({ modelId }) => modelId === entry.id)
    const own = offers.filter(({ peerId }) => peerId === network.peerId)
    const market = surveyOffers(offers)
    const { terms, rules, probe } = sharing
    const slots = terms.slotLimit ?? usualSlots
    const speed = terms.speedOf(entry)
    const earnings = speed && {
      tokensPerSecond: speed.tokensPerSecond,
      completionMicroUsdPerMillion: terms.askedPriceOf(entry).completionMicroUsdPerMillion,
      royaltyBps: entry.listing?.royaltyBps ?? 0,
      energy: terms.energy,
      share: rules.settings.share,
      slots,
      market,
      ownSlots: own.reduce((sum, offer) => sum + offer.slots, 0),
    }
    const use = { slots, contextTokens: entry.manifest.contextTokens }
    return {
      entry,
      downloadBytes: needs.downloadBytes,
      // A folder runs as it is: nothing is prepared of it.
      storedBytes: needs.downloadBytes + (entry.manifest.format === 'onnx-folder' ? 0 : needs.weightBytes),
      fit: probe && fitModel(needs, use, limitsOf(probe)),
      market,
      speed,
      earnings: earnings && estimateEarnings(earnings),
      holders: this.#holders.get(entry.id) ?? null,
    }
  }
}

function limitsOf({ backends, memoryBytes, webgpu }: EngineProbe): MachineLimits {
  return { backends, memoryBytes, gpuMatrixBytes: webgpu?.maxBindingBytes ?? null }
}

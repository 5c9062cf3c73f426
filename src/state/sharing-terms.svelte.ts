import { askingPrice, coverPower, highestMicroUsdPerMillion } from '../domain/asking-price.ts'
import {
  type EnergySettings,
  breakEvenUsdPerMillion,
  netUsdPerHour,
  netUsdPerMillion,
} from '../domain/energy.ts'
import { type Speed, type SpeedTrial, estimateSpeed } from '../domain/estimate-speed.ts'
import { reckonNeeds } from '../domain/model-needs.ts'
import { type CatalogueEntry, type ModelId, keptShare } from '../domain/model.ts'
import type { MicroUsd, Price } from '../domain/price.ts'
import type { Backend, LoadedModel } from '../ports/engine.ts'

/** A model that ran here, and on what. */
type Trial = SpeedTrial & { backend: Backend }

/** What is kept of the terms between visits. */
export type TermsDocument = {
  modelId: ModelId | null
  isAutomatic: boolean
  priceUsd: number | null
  slots: number | null
  watts: number | null
  usdPerKwh: number | null
  holdsBond: boolean
  coversPower: boolean
  trials: readonly Trial[]
}

/** What the terms depend on that others know. */
export type TermsSurroundings = {
  /** The model that is shared, or would be. */
  chosen: () => CatalogueEntry | null
  /** What other tabs ask for a million answer tokens of a model, the middle of them; null where none offers it. */
  marketPrice: (id: ModelId) => MicroUsd | null
  /** Watts that a machine like this one draws more while it answers. */
  typicalWatts: () => number
  /** Share of its time that this computer gives, from 0 to 1. */
  share: () => number
}

const mostTrials = 32

/** What is shared and for how much: the model, the price, and what the power takes of it. */
export class SharingTerms {
  #around: TermsSurroundings
  modelId = $state<ModelId | null>(null)
  /** Whether this tab chooses the model that earns most. */
  isAutomatic = $state(false)
  /** Dollars per million answer tokens. */
  priceUsd = $state<number | null>(0.2)
  /** Most answers at a time, as typed. */
  slots = $state<number | null>(null)
  /** What the computer draws more while it answers; null takes the estimate. */
  watts = $state<number | null>(null)
  usdPerKwh = $state<number | null>(0.3)
  /** Whether the offered price is never below what the power costs. */
  coversPower = $state(false)
  /** Whether earnings go by way of the bond contract, where there is one. */
  holdsBond = $state(false)
  /** Speeds that were measured on this computer, at full speed, the newest first; one for each model. */
  trials = $state.raw<readonly Trial[]>([])

  constructor(around: TermsSurroundings) {
    this.#around = around
  }

  /** How fast the chosen model answers here, measured or estimated; null while nothing was measured. */
  get tokensPerSecond(): number | null {
    const chosen = this.#around.chosen()
    return chosen && (this.speedOf(chosen)?.tokensPerSecond ?? null)
  }

  /** How fast a model answers here, by what was measured on the back end that ran last. */
  speedOf({ id, manifest }: Pick<CatalogueEntry, 'id' | 'manifest'>): Speed | null {
    const { trials } = this
    const { weightBytes } = reckonNeeds(manifest)
    const comparable = trials.filter(({ backend }) => backend === trials[0]?.backend)
    return estimateSpeed({ id, weightBytes }, comparable)
  }

  /** Keeps the speed that was measured. Returns whether it is news. */
  note({ id, manifest }: CatalogueEntry, { backend, tokensPerSecond }: LoadedModel): boolean {
    const [newest] = this.trials
    if (newest?.modelId === id && newest.tokensPerSecond === tokensPerSecond) return false
    const { weightBytes } = reckonNeeds(manifest)
    const others = this.trials.filter(({ modelId }) => modelId !== id).slice(0, mostTrials - 1)
    this.trials = [{ modelId: id, weightBytes, tokensPerSecond, backend }, ...others]
    return true
  }

  /** Most answers at a time, as a provider counts them; null takes as many as memory allows. */
  get slotLimit(): number | null {
    return this.slots === null ? null : Math.max(Math.trunc(this.slots), 1)
  }

  /** What is typed; where this tab chooses the model, what others ask for it if that is more. */
  priceOf(model: Pick<CatalogueEntry, 'id'> | null): Price {
    const typed = BigInt(Math.round(Math.max(this.priceUsd ?? 0, 0) * 1e6))
    const others = (this.isAutomatic && model && this.#around.marketPrice(model.id)) || 0n
    const wanted = typed > others ? typed : others
    return askingPrice(wanted < highestMicroUsdPerMillion ? wanted : highestMicroUsdPerMillion)
  }

  /** What is asked for a model, raised to the price of power where that is wanted and the speed is known. */
  askedPriceOf(model: CatalogueEntry | null): Price {
    const price = this.priceOf(model)
    const speed = model && this.speedOf(model)
    if (!this.coversPower || !speed) return price
    return coverPower(price, speed.tokensPerSecond, this.energy, keptShare(model))
  }

  get energy(): EnergySettings {
    return {
      watts: this.watts ?? this.#around.typicalWatts(),
      usdPerKilowattHour: this.usdPerKwh ?? 0,
    }
  }

  /** Dollars that an hour of steady work at the shared part leaves after electricity and royalty. */
  get usdPerHour(): number | null {
    const whole = this.#reckon((tokensPerSecond, price, kept) =>
      netUsdPerHour(tokensPerSecond, price, this.energy, kept),
    )
    return whole === null ? null : whole * this.#around.share()
  }

  /** Dollars that a million answer tokens leave after electricity and royalty. */
  get usdPerMillion(): number | null {
    return this.#reckon((tokensPerSecond, price, kept) =>
      netUsdPerMillion(tokensPerSecond, price, this.energy, kept),
    )
  }

  /** Dollars per million answer tokens that just pay for the electricity. */
  get breakEvenUsd(): number | null {
    return this.#reckon((tokensPerSecond, _price, kept) =>
      breakEvenUsdPerMillion(tokensPerSecond, this.energy, kept),
    )
  }

  #reckon(rule: (tokensPerSecond: number, price: MicroUsd, kept: number) => number): number | null {
    const chosen = this.#around.chosen()
    const { tokensPerSecond } = this
    if (!chosen || tokensPerSecond === null) return null
    return rule(tokensPerSecond, this.askedPriceOf(chosen).completionMicroUsdPerMillion, keptShare(chosen))
  }

  get document(): TermsDocument {
    const { modelId, isAutomatic, priceUsd, slots, watts, usdPerKwh, holdsBond, coversPower, trials } = this
    return { modelId, isAutomatic, priceUsd, slots, watts, usdPerKwh, holdsBond, coversPower, trials }
  }

  restore(kept: TermsDocument): void {
    this.modelId = kept.modelId
    this.isAutomatic = kept.isAutomatic
    this.priceUsd = kept.priceUsd
    this.slots = kept.slots
    this.watts = kept.watts
    this.usdPerKwh = kept.usdPerKwh
    this.holdsBond = kept.holdsBond
    this.coversPower = kept.coversPower
    this.trials = kept.trials
  }
}

import { type EnergySettings, netUsdPerHour } from '../domain/energy.ts'
import type { CatalogueEntry, ModelId } from '../domain/model.ts'
import type { Price } from '../domain/price.ts'
import type { EngineProbe } from '../ports/engine.ts'
import type { Provider } from '../roles/provide.ts'
import { offStatus, type ProviderStage, type ProviderStatus } from '../roles/provider-status.ts'
import { abortable } from './abortable.ts'
import { isCancellation, toFailure, type Failure } from './failure.ts'
import type { Tab } from './tab.ts'

export type { EngineProbe, ProviderStage }

type SharingDocument = {
  modelId: ModelId | null
  priceUsd: number
  slots: number
  watts: number
  usdPerKwh: number
  tokensPerSecond: number | null
  holdsBond: boolean
}

const highestPriceUsd = 1_000

/** Reading a prompt is priced at a fifth of writing an answer: it costs about that much time. */
const promptShare = 5n

/** Lending this computer: what it can do, what it asks, and what it is doing. */
export class Sharing {
  #tab: Tab
  #provider: Provider | null = null
  #abort: AbortController | null = null
  probe = $state.raw<EngineProbe | null>(null)
  status = $state.raw<ProviderStatus>(offStatus)
  failure = $state.raw<Failure | null>(null)
  modelId = $state<ModelId | null>(null)
  /** Dollars per million answer tokens. */
  priceUsd = $state<number | null>(0.2)
  /** Most answers at a time: how much of this computer to share. */
  slots = $state<number | null>(2)
  /** What the computer draws more while it answers. */
  watts = $state<number | null>(15)
  usdPerKwh = $state<number | null>(0.3)
  /** Whether earnings go by way of the bond contract, where there is one. */
  holdsBond = $state(false)
  /** Measured on this computer at an earlier visit. */
  tokensPerSecond = $state<number | null>(null)

  constructor(tab: Tab) {
    this.#tab = tab
  }

  get active(): boolean {
    return this.status.stage !== 'off' && this.status.stage !== 'failed'
  }

  get price(): Price {
    const priceUsd = Math.min(Math.max(this.priceUsd ?? 0, 0), highestPriceUsd)
    const completion = BigInt(Math.round(priceUsd * 1e6))
    return { promptMicroUsdPerMillion: completion / promptShare, completionMicroUsdPerMillion: completion }
  }

  /** Dollars that an hour of steady work leaves after electricity; null before the speed was measured. */
  get usdPerHour(): number | null {
    if (this.tokensPerSecond === null) return null
    const energy: EnergySettings = { watts: this.watts ?? 0, usdPerKilowattHour: this.usdPerKwh ?? 0 }
    return netUsdPerHour(this.tokensPerSecond, this.price.completionMicroUsdPerMillion, energy)
  }

  async look(): Promise<void> {
    try {
      this.probe ??= await this.#tab.probe()
    } catch (error) {
      this.failure = toFailure(error)
    }
  }

  async start(entry: CatalogueEntry): Promise<void> {
    if (this.active) return
    this.failure = null
    const totalBytes = entry.manifest.files.reduce((sum, file) => sum + file.bytes, 0)
    this.status = { ...offStatus, stage: 'download', totalBytes }
    const abort = new AbortController()
    this.#abort = abort
    try {
      await this.save().catch(() => {})
      const provider = await this.#watched(abort.signal)
      const slots = Math.max(this.slots ?? 1, 1)
      await provider.start({ entry, price: this.price, slots, bond: this.holdsBond }, abort.signal)
    } catch (error) {
      if (!isCancellation(error)) this.failure = toFailure(error)
      if (this.active) this.status = { ...this.status, stage: 'off' }
    }
  }

  /** Takes no new work, ends what runs, and leaves the market; cancels a start that is under way. */
  async stop(): Promise<void> {
    this.#abort?.abort()
    await this.#provider?.stop()
  }

  async #watched(signal: AbortSignal): Promise<Provider> {
    if (this.#provider) return this.#provider
    const provider = await abortable(this.#tab.provider(), signal)
    provider.watch((status) => this.#take(status))
    this.#provider = provider
    return provider
  }

  async restore(): Promise<void> {
    const kept = (await this.#tab.documents.get('settings', 'sharing')) as SharingDocument | undefined
    if (kept) Object.assign(this, kept)
  }

  async save(): Promise<void> {
    const { modelId, tokensPerSecond } = this
    const { priceUsd, slots, watts, usdPerKwh, holdsBond } = this
    await this.#tab.documents.put('settings', 'sharing', {
      modelId,
      priceUsd,
      slots,
      watts,
      usdPerKwh,
      tokensPerSecond,
      holdsBond,
    })
  }

  #take(status: ProviderStatus): void {
    this.status = status
    const measured = status.loaded?.tokensPerSecond ?? null
    if (measured === null || measured === this.tokensPerSecond) return
    this.tokensPerSecond = measured
    void this.save()
  }
}

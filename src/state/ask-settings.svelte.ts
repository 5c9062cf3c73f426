import { defaultSampler, type SamplerSettings } from '../domain/job.ts'
import type { ModelId } from '../domain/model.ts'
import type { Hex } from '../domain/bytes.ts'
import type { Tab } from './tab.ts'

type AskSettingsDocument = {
  modelId: ModelId | null
  temperature: number
  maxTokens: number
  seed: number | null
}

const seedDigits = 32

/** How to ask: model and sampling, kept between visits. */
export class AskSettings {
  #tab: Tab
  modelId = $state<ModelId | null>(null)
  temperature = $state<number | null>(defaultSampler.temperature)
  maxTokens = $state<number | null>(512)
  /** Null draws a fresh seed for every answer. */
  seed = $state<number | null>(null)

  constructor(tab: Tab) {
    this.#tab = tab
  }

  get sampler(): SamplerSettings {
    return { ...defaultSampler, temperature: this.temperature ?? defaultSampler.temperature }
  }

  /** The fixed seed as 128 bits; undefined lets every answer draw its own. */
  get seedBits(): Hex | undefined {
    if (this.seed === null) return undefined
    return `0x${BigInt(Math.trunc(Math.abs(this.seed)))
      .toString(16)
      .padStart(seedDigits, '0')}`
  }

  async restore(): Promise<void> {
    const kept = (await this.#tab.documents.get('settings', 'ask')) as AskSettingsDocument | undefined
    if (!kept) return
    this.modelId = kept.modelId
    this.temperature = kept.temperature
    this.maxTokens = kept.maxTokens
    this.seed = kept.seed
  }

  async save(): Promise<void> {
    const { modelId, temperature, maxTokens, seed } = this
    await this.#tab.documents.put('settings', 'ask', { modelId, temperature, maxTokens, seed })
  }
}

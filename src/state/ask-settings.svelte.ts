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

const defaultMaxTokens = 512
const highestMaxTokens = 32_768
const highestTemperature = 4

const clamp = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most)

/** How to ask: model and sampling, kept between visits. */
export class AskSettings {
  #tab: Tab
  modelId = $state<ModelId | null>(null)
  temperature = $state<number | null>(defaultSampler.temperature)
  maxTokens = $state<number | null>(defaultMaxTokens)
  /** Null draws a fresh seed for every answer. */
  seed = $state<number | null>(null)

  constructor(tab: Tab) {
    this.#tab = tab
  }

  /** What was typed, brought into the range that providers take, exact to a millionth. */
  get sampler(): SamplerSettings {
    const typed = this.temperature ?? defaultSampler.temperature
    const temperature = Math.round(clamp(typed, 0, highestTemperature) * 1e6) / 1e6
    return { ...defaultSampler, temperature }
  }

  get tokenLimit(): number {
    return Math.trunc(clamp(this.maxTokens ?? defaultMaxTokens, 1, highestMaxTokens))
  }

  /** The fixed seed as 128 bits; undefined lets every answer draw its own. */
  get seedBits(): Hex | undefined {
    if (this.seed === null) return undefined
    const bits = BigInt.asUintN(128, BigInt(Math.trunc(this.seed)))
    return `0x${bits.toString(16).padStart(32, '0')}`
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

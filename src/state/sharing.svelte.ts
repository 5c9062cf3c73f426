import type { DeviceState } from '../domain/device.ts'
import { classifyDevice, estimateWatts } from '../domain/energy.ts'
import type { GovernorDecision, PauseReason } from '../domain/governor.ts'
import type { CatalogueEntry } from '../domain/model.ts'
import { modelBytes } from '../domain/smaller-model.ts'
import type { EngineProbe } from '../ports/engine.ts'
import type { BytesFrom } from '../ports/model-store.ts'
import type { Governor } from '../roles/provide/govern.ts'
import type { Provider } from '../roles/provide/provide.ts'
import { offStatus, type ProviderStage, type ProviderStatus } from '../roles/provide/provider-status.ts'
import { abortable } from './abortable.ts'
import { isCancellation, toFailure, type Failure } from './failure.ts'
import { type RulesDocument, SharingRules } from './sharing-rules.svelte.ts'
import { SharingTerms, type TermsDocument, type TermsSurroundings } from './sharing-terms.svelte.ts'
import type { Tab } from './tab.ts'

export type { BytesFrom, EngineProbe, PauseReason, ProviderStage }

type SharingDocument = TermsDocument & { rules: RulesDocument }

/** What the rest of the page knows that sharing asks for. */
export type SharingSurroundings = Pick<TermsSurroundings, 'chosen' | 'marketPrice'> & {
  /** Called each time that sharing begins. */
  onStart: () => void
}

/** Whether this very tab was sharing; tabs of one browser are told apart by their place. */
type SwitchDocument = { isOn: boolean }

/** Where a model takes the most memory. */
const loadStages: readonly ProviderStage[] = ['prepare', 'compile', 'self-test']

const endedLoading: Failure = {
  code: 'engine/out-of-memory',
  shortMessage: 'This tab ended while it loaded the model, most likely because memory ran out.',
  retryable: true,
}

const endedAnswering: Failure = {
  ...endedLoading,
  shortMessage: 'This tab ended twice while it answered, most likely because memory ran out.',
}

/** Lending this computer: what it can do, what it asks, when it may, and what it is doing. */
export class Sharing {
  #tab: Tab
  #onStart: () => void
  #provider: Provider | null = null
  #governor: Governor | null = null
  #abort: AbortController | null = null
  #answering: 'answering' | 'answering again' = 'answering'
  /** When this computer may be shared, and how much of it. */
  readonly rules = new SharingRules()
  /** What is shared, and for how much. */
  readonly terms: SharingTerms
  probe = $state.raw<EngineProbe | null>(null)
  /** What the browser tells of the machine; null before anybody looked. */
  device = $state.raw<DeviceState | null>(null)
  status = $state.raw<ProviderStatus>(offStatus)
  decision = $state.raw<GovernorDecision | null>(null)
  failure = $state.raw<Failure | null>(null)
  /** The model that was shared, or tried, last. */
  entry = $state.raw<CatalogueEntry | null>(null)
  /** Whether what was kept is back, so that it is known if this tab was sharing. */
  isRestored = $state(false)
  /** Whether it went on by itself because it was on when the page was left. */
  isResumed = $state(false)

  constructor(tab: Tab, around: Partial<SharingSurroundings> = {}) {
    this.#tab = tab
    this.#onStart = around.onStart ?? (() => {})
    this.terms = new SharingTerms({
      chosen: around.chosen ?? (() => this.entry),
      marketPrice: around.marketPrice ?? (() => null),
      typicalWatts: () => this.estimatedWatts,
      share: () => this.rules.settings.share,
    })
  }

  get active(): boolean {
    return this.status.stage !== 'off' && this.status.stage !== 'failed'
  }

  /** Whether it ended because the memory here is too small. */
  get outOfMemory(): boolean {
    return !this.active && (this.failure ?? this.status.error)?.code === 'engine/out-of-memory'
  }

  /** Why no new work is taken; null while it is, or while nothing is shared. */
  get pause(): PauseReason | null {
    return this.decision && !this.decision.run ? this.decision.why : null
  }

  /** Watts that a machine like this one draws more while it answers. */
  get estimatedWatts(): number {
    const { probe, device } = this
    const gpu = probe?.backends[0] === 'webgpu' ? (probe.webgpu?.adapter ?? null) : null
    const hasBattery = device?.power === 'battery' || (device !== null && Number(device.batteryLevel) < 1)
    return estimateWatts(classifyDevice({ isHandheld: device?.isHandheld ?? false, hasBattery, gpu }))
  }

  /** Finds out what this machine can do, and watches what happens to it. */
  async look(): Promise<void> {
    try {
      if (this.device === null) {
        const device = await this.#tab.device()
        if (this.device === null) device.watch((state) => (this.device = state))
      }
      this.probe ??= await this.#tab.probe()
    } catch (error) {
      this.failure = toFailure(error)
    }
  }

  /** Keeps the rules; where the use of the computer matters, the person is asked to let it be seen. */
  async savePauses(): Promise<void> {
    if (this.rules.pauseWhileUsed) await (await this.#tab.device()).askForComputerUse()
    await this.save()
  }

  async start(entry: CatalogueEntry): Promise<void> {
    if (this.active) return
    this.isResumed = false
    await this.#start(async () => entry)
  }

  async #start(choose: () => Promise<CatalogueEntry>): Promise<void> {
    this.failure = null
    this.status = { ...offStatus, stage: 'download' }
    this.#onStart()
    const abort = new AbortController()
    const { signal } = abort
    this.#abort = abort
    try {
      await Promise.all([this.save(), this.#keepSwitch(true)]).catch(() => {})
      const entry = await abortable(choose(), signal)
      this.entry = entry
      const { terms } = this
      if (terms.isAutomatic) terms.modelId = entry.id
      this.status = { ...this.status, totalBytes: modelBytes(entry) }
      const provider = await this.#governed(signal)
      const options = {
        entry,
        price: terms.priceOf(entry),
        bond: terms.holdsBond,
        ...(terms.slotLimit === null ? {} : { slots: terms.slotLimit }),
        ...(terms.coversPower ? { covering: terms.energy } : {}),
      }
      await provider.start(options, signal)
    } catch (error) {
      if (!isCancellation(error)) this.failure = toFailure(error)
      if (this.active) this.status = { ...this.status, stage: 'off' }
      this.#governor?.release()
    }
  }

  /** Shares another model from now on. */
  async switchTo(entry: CatalogueEntry): Promise<void> {
    if (this.active) return
    Object.assign(this.terms, { modelId: entry.id, isAutomatic: false })
    await this.start(entry)
  }

  /** The page is being left in order: whatever it loads, it did not end of it. */
  leave(): void {
    this.#tab.crashMark.set(null)
  }

  /** Takes no new work, ends what runs, and leaves the market; cancels a start that is under way. */
  async stop(): Promise<void> {
    this.isResumed = false
    this.#abort?.abort()
    await this.#keepSwitch(false).catch(() => {})
    await this.#provider?.stop()
  }

  /** Returns the provider, held to the rules. */
  async #governed(signal: AbortSignal): Promise<Provider> {
    const provider = await abortable(this.#tab.provider(), signal)
    const governor = await abortable(this.#tab.governor(), signal)
    if (!this.#provider) {
      this.#provider = provider
      this.#governor = governor
      provider.watch((status) => this.#take(status))
      governor.watch((decision) => (this.decision = decision))
    }
    governor.follow(this.rules.settings)
    return provider
  }

  /** Brings back what was kept, and sharing itself if this tab was at it when it was left. */
  async restore(findEntry: () => Promise<CatalogueEntry>): Promise<void> {
    try {
      const kept = (await this.#tab.documents.get('settings', 'sharing')) as SharingDocument | undefined
      if (kept) {
        this.terms.restore(kept)
        this.rules.restore(kept.rules)
      }
      const before = (await this.#tab.documents.get('settings', await this.#switchKey())) as
        SwitchDocument | undefined
      this.isResumed = before?.isOn === true
      const doing = await this.#tab.crashMark.take()
      if (this.isResumed) await this.#heed(doing, findEntry)
    } finally {
      this.isRestored = true
    }
    if (this.isResumed) await this.#start(findEntry)
  }

  /** A tab that ended for a model would end for it again. Once while it answered may have been something else. */
  async #heed(doing: string | null, findEntry: () => Promise<CatalogueEntry>): Promise<void> {
    if (doing === 'answering') this.#answering = 'answering again'
    if (doing !== 'loading' && doing !== 'answering again') return
    this.isResumed = false
    this.failure = doing === 'loading' ? endedLoading : endedAnswering
    await this.#keepSwitch(false)
    this.entry = await findEntry()
  }

  /** Keeps what was chosen; the rules hold at once. */
  async save(): Promise<void> {
    if (this.active) this.#governor?.follow(this.rules.settings)
    const kept: SharingDocument = { ...this.terms.document, rules: this.rules.document }
    await this.#tab.documents.put('settings', 'sharing', kept)
  }

  async #keepSwitch(isOn: boolean): Promise<void> {
    const kept: SwitchDocument = { isOn }
    await this.#tab.documents.put('settings', await this.#switchKey(), kept)
  }

  async #switchKey(): Promise<string> {
    return `sharing-${await this.#tab.place()}`
  }

  #take(status: ProviderStatus): void {
    const isLoading = loadStages.includes(status.stage)
    this.#tab.crashMark.set(isLoading ? 'loading' : status.jobs.length > 0 ? this.#answering : null)
    this.status = status
    if (!this.active) this.#governor?.release()
    if (this.entry && status.loaded && this.terms.note(this.entry, status.loaded)) void this.save()
  }
}

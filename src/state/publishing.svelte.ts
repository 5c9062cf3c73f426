import { suggestLicense } from '../domain/license.ts'
import { type CatalogueEntry, listingFolders, listingLimits } from '../domain/model.ts'
import type { MeasureProgress, MeasureStage, MeasuredModel } from '../ports/engine.ts'
import type { PublishCost, PublishDraft, PublishProgress, PublishStage } from '../roles/models/publish.ts'
import { abortable } from './abortable.ts'
import { isCancellation, toFailure, type Failure } from './failure.ts'
import type { Tab } from './tab.ts'

export { commonLicenses } from '../domain/license.ts'
export type { MeasureStage, PublishCost, PublishStage }

/** Where a file is on its way to being everybody's model. */
export type PublishingStep = 'empty' | 'measuring' | 'drafting' | 'publishing' | 'published'

/** Why what is written cannot be published as it is. */
export type DraftFault = 'no-name' | 'no-license' | 'royalty' | 'source'

/** What publishing asks of the rest of the page. */
export type PublishingSurroundings = {
  /** A model is on the chain, and its bytes are here to be lent. */
  onPublished: () => Promise<unknown>
}

const mostRoyaltyPercent = listingLimits.royaltyBps / 100

/** A file that becomes a model: measured, described by its publisher, listed on the chain. */
export class Publishing {
  #tab: Tab
  #around: PublishingSurroundings
  #abort: AbortController | null = null
  #measured: MeasuredModel | null = null
  step = $state<PublishingStep>('empty')
  file = $state.raw<File | null>(null)
  measuring = $state.raw<MeasureProgress | null>(null)
  progress = $state.raw<PublishProgress | null>(null)
  /** As typed. */
  name = $state('')
  license = $state('')
  royaltyPercent = $state<number | null>(0)
  /** Addresses of folders that serve the files, one a line. */
  sources = $state('')
  /** Null while it is not known. */
  cost = $state.raw<PublishCost | null>(null)
  published = $state.raw<CatalogueEntry | null>(null)
  failure = $state.raw<Failure | null>(null)

  constructor(tab: Tab, around: PublishingSurroundings) {
    this.#tab = tab
    this.#around = around
  }

  get busy(): boolean {
    return this.step === 'measuring' || this.step === 'publishing'
  }

  get fault(): DraftFault | null {
    const { royaltyPercent } = this
    if (this.name.trim() === '') return 'no-name'
    if (suggestLicense(this.license.trim()) === null) return 'no-license'
    if (royaltyPercent === null || royaltyPercent < 0 || royaltyPercent > mostRoyaltyPercent) return 'royalty'
    const typed = this.#typedSources
    return listingFolders({ sources: typed }).length === typed.length ? null : 'source'
  }

  get #typedSources(): string[] {
    return this.sources
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
  }

  get #draft(): PublishDraft {
    return {
      name: this.name.trim(),
      license: this.license.trim(),
      contextTokens: this.#measured?.contextTokens ?? 0,
      royaltyBps: Math.round((this.royaltyPercent ?? 0) * 100),
      sources: this.#typedSources,
    }
  }

  /** Checks and measures a file; what it says of itself is the first draft. */
  async take(file: File): Promise<void> {
    if (this.busy) return
    this.file = file
    this.published = null
    this.step = 'measuring'
    const isDone = await this.#run(async (publisher, signal) => {
      const onProgress = (progress: MeasureProgress) => (this.measuring = progress)
      const measured = await publisher.measure(file, { signal, onProgress })
      this.#measured = measured
      this.name = measured.name ?? file.name.replace(/\.gguf$/i, '')
      this.license = suggestLicense(measured.license) ?? ''
    })
    this.measuring = null
    this.step = isDone ? 'drafting' : 'empty'
    if (isDone) await this.askCost()
  }

  /** Asks the chain what listing the model costs now. */
  async askCost(): Promise<void> {
    try {
      this.cost = await (await this.#tab.publisher()).cost(this.#draft)
      this.failure = null
    } catch (error) {
      this.failure = toFailure(error)
    }
  }

  /** Publishes what is written. Done again after a failure it goes on. */
  async publish(): Promise<void> {
    const { file } = this
    const measured = this.#measured
    if (this.step !== 'drafting' || !file || !measured || this.fault) return
    this.step = 'publishing'
    const isDone = await this.#run(async (publisher, signal) => {
      const onProgress = (progress: PublishProgress) => (this.progress = progress)
      const model = { fileName: file.name, file, measured }
      this.published = await publisher.publish(model, this.#draft, { signal, onProgress })
    })
    this.progress = null
    this.step = isDone ? 'published' : 'drafting'
    if (isDone) await this.#around.onPublished().catch(() => {})
  }

  /** Ends what is under way; what was written stays. */
  cancel(): void {
    this.#abort?.abort()
  }

  /** Makes way for another file. */
  clear(): void {
    this.cancel()
    Object.assign(this, { step: 'empty', file: null, published: null, failure: null, cost: null })
    Object.assign(this, { name: '', license: '', royaltyPercent: 0, sources: '' })
  }

  /** Returns whether the work was done; its failure is shown unless somebody cancelled it. */
  async #run(work: (publisher: TabPublisher, signal: AbortSignal) => Promise<void>): Promise<boolean> {
    this.failure = null
    this.#abort = new AbortController()
    const { signal } = this.#abort
    try {
      await abortable(work(await abortable(this.#tab.publisher(), signal), signal), signal)
      return true
    } catch (error) {
      if (!signal.aborted && !isCancellation(error)) this.failure = toFailure(error)
      return false
    }
  }
}

type TabPublisher = Awaited<ReturnType<Tab['publisher']>>

import { EngineError } from '../errors/index.ts'
import type { Backend, LoadedModel, LoadOptions, LoadProgress, VerifiedModel } from '../ports/engine.ts'
import { cancelled, unlessCancelled } from './cancelled.ts'

/** How a load is begun by whoever may begin it. */
export type StartOptions = {
  backends: Backend[] | undefined
  signal: AbortSignal
  onProgress: (progress: LoadProgress) => void
}

/** What a lock guards: something that runs one model at a time. */
export type Loader = {
  readonly loaded: LoadedModel | null
  /** Loads a model in place of the one before, until the signal aborts. */
  start(model: VerifiedModel, options: StartOptions): Promise<LoadedModel>
  /** Gives up the model, if there is one. */
  stop(): void
}

type Waiter = Pick<LoadOptions, 'onProgress'> & { whileHeld: boolean }

/** What is loaded or being loaded: a model, and for which back ends. */
type Subject = { id: VerifiedModel['id']; backends: string | undefined }

type Loading = { subject: Subject; waiters: Set<Waiter>; over: AbortController; done: Promise<LoadedModel> }

/** Lets one load run at a time, and gives the model up once nobody wants it any more. */
export class LoadLock {
  readonly #loader: Loader
  #loading: Loading | null = null
  #loaded: Subject | null = null
  /** Whether the model stays while nobody holds it. */
  #isKept = false
  #holds = 0

  constructor(loader: Loader) {
    this.#loader = loader
  }

  /**
   * Loads a model, or waits for the load of it that runs, or returns it if it is there.
   *
   * @throws EngineError `engine/busy` where another model is being loaded; for a load that only holds also where one is
   *   there, and where one is wanted while it runs
   */
  async load(model: VerifiedModel, options: LoadOptions = {}): Promise<LoadedModel> {
    if (options.signal?.aborted) throw cancelled()
    const yields = options.whileHeld === true
    const subject = { id: model.id, backends: options.backends?.join() }
    const loading = this.#loading
    if (loading && suits(loading.subject, subject, yields)) return this.#wait(loading, options)
    if (loading) {
      if (yields || !isYielding(loading)) throw busy()
      this.#end(loading, busy())
    } else {
      const there = this.#thereFor(subject, yields)
      if (there) return there
    }
    return this.#wait(this.#begin(model, subject, options.backends), options)
  }

  /** Keeps the model, also one that comes while it holds, until the function is called that it returns. */
  hold(): () => void {
    this.#holds++
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#holds--
      this.#giveUpIfUnwanted()
    }
  }

  /** Gives the model up as soon as nobody holds it. */
  unload(): void {
    this.#isKept = false
    const loading = this.#loading
    if (loading && this.#holds === 0) this.#end(loading, cancelled())
    for (const waiter of loading?.waiters ?? []) waiter.whileHeld = true
    this.#giveUpIfUnwanted()
  }

  /** @throws EngineError `engine/busy` where another model is there, before which this load yields */
  #thereFor(subject: Subject, yields: boolean): LoadedModel | null {
    const { loaded } = this.#loader
    if (loaded === null) return null
    if (this.#loaded && suits(this.#loaded, subject, yields)) {
      this.#isKept ||= !yields
      return loaded
    }
    if (yields) throw busy()
    return null
  }

  #begin(model: VerifiedModel, subject: Subject, backends: Backend[] | undefined): Loading {
    const over = new AbortController()
    const waiters = new Set<Waiter>()
    const onProgress = (progress: LoadProgress) => {
      for (const waiter of waiters) waiter.onProgress?.(progress)
    }
    const start = async () => {
      // Who waits is there before the first progress.
      await Promise.resolve()
      return this.#loader.start(model, { backends, signal: over.signal, onProgress })
    }
    const done = unlessCancelled(start(), over.signal).then((loaded) => {
      this.#isKept = !isYielding(loading)
      this.#loaded = subject
      return loaded
    })
    const loading: Loading = { subject, waiters, over, done: done.finally(() => this.#finish(loading)) }
    loading.done.catch(() => {})
    this.#isKept = false
    this.#loaded = null
    this.#loading = loading
    return loading
  }

  #finish(loading: Loading): void {
    if (this.#loading === loading) this.#loading = null
    // It may have come in the moment when its last waiter left.
    this.#giveUpIfUnwanted()
  }

  async #wait(
    loading: Loading,
    { signal, onProgress, whileHeld = false }: LoadOptions,
  ): Promise<LoadedModel> {
    const waiter: Waiter = { whileHeld, ...(onProgress ? { onProgress } : {}) }
    loading.waiters.add(waiter)
    try {
      return await unlessCancelled(loading.done, signal)
    } finally {
      loading.waiters.delete(waiter)
      if (loading.waiters.size === 0) this.#end(loading, cancelled())
    }
  }

  #end(loading: Loading, reason: EngineError): void {
    if (this.#loading !== loading) return
    this.#loading = null
    loading.over.abort(reason)
  }

  #giveUpIfUnwanted(): void {
    if (this.#isKept || this.#holds > 0 || this.#loading !== null) return
    this.#loader.stop()
  }
}

/** A load that only holds takes any back end. */
function suits(there: Subject, wanted: Subject, yields: boolean): boolean {
  return there.id === wanted.id && (yields || there.backends === wanted.backends)
}

/** Nobody who waits for it would keep it. */
function isYielding({ waiters }: Loading): boolean {
  return [...waiters].every(({ whileHeld }) => whileHeld)
}

function busy(): EngineError {
  return new EngineError('engine/busy', 'This tab is busy with another model.')
}

import type { ModelId } from '../domain/model.ts'
import { EngineError } from '../errors/index.ts'
import type { LoadedModel, LoadProgress, ModelPart } from '../ports/engine.ts'
import { cancelled } from './cancelled.ts'
import { type StartedModel, startModel, type StartPlan } from './start-model.ts'
import { CallChannel, type WorkerLike } from './worker/call-channel.ts'
import type { ModelCalls, RuntimeInput, WarmInput } from './worker/model-calls.ts'

/**
 * Losses in a row, without a finished call between, that are made good; at the next the model is given up. One more
 * than any answer survives, so that an answer that kills workers goes before the model does.
 */
const mostLosses = 3

/** A step that takes as long as so many tokens did in the self-test is none. */
const slowestStepTokens = 100
const leastStallMs = 20_000

/** Keeps one model alive: when its worker is lost, another is started in its place. */
export class ModelKeeper {
  readonly #openWorker: () => WorkerLike
  readonly #stallMs: number
  readonly #listeners = new Set<(error: Error) => void>()
  readonly #backListeners = new Set<(loaded: LoadedModel) => void>()
  /** The only worker that has a model, also while it still loads. */
  #channel: CallChannel<ModelCalls> | null = null
  /** A worker whose runtime is started before its model is there. */
  #early: { channel: CallChannel<ModelCalls>; input: WarmInput } | null = null
  #live: StartedModel | null = null
  #plan: StartPlan | null = null
  /** Aborts once another model is started, or none. */
  #over = new AbortController()
  #recovery: Promise<void> | null = null
  #losses = 0
  #share = 1

  constructor(openWorker: () => WorkerLike, stallMs: number) {
    this.#openWorker = openWorker
    this.#stallMs = stallMs
  }

  /** The model that is ready, or being brought back. */
  get loaded(): LoadedModel | null {
    return this.#live?.loaded ?? null
  }

  /** Starts a worker for a model that is on its way, until the signal aborts or a start takes it over. */
  warm(input: WarmInput, signal?: AbortSignal): void {
    if (this.#channel || this.#early || signal?.aborted) return
    const channel = this.#open()
    this.#early = { channel, input }
    const giveUp = () => {
      if (this.#early?.channel !== channel) return
      this.#early = null
      channel.end(cancelled())
    }
    signal?.addEventListener('abort', giveUp, { once: true })
    // A start finds out by itself what cannot be started.
    channel.call('warm', input).catch(giveUp)
  }

  /** Hands a part of a model to the worker that waits for it, if one does. */
  deliver(id: ModelId, part: ModelPart): void {
    if (this.#early?.input.model?.id !== id) return
    // The start brings the whole files.
    this.#early.channel.call('deliver', part).catch(() => {})
  }

  /** Starts a model in place of the one before. */
  async start(
    plan: StartPlan,
    onProgress: (progress: LoadProgress) => void,
    signal?: AbortSignal,
  ): Promise<LoadedModel> {
    if (signal?.aborted) throw cancelled()
    this.stop(new EngineError('engine/busy', 'This tab has begun to load another model.'))
    // A compilation cannot be interrupted, so the worker is given up with it.
    const over = this.#over
    const cancel = () => {
      if (this.#over === over) this.stop()
    }
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      this.#losses = 0
      return await this.#start(plan, onProgress)
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** Returns the model, once it is back if its worker was just lost. */
  async live(): Promise<StartedModel> {
    await this.#recovery
    if (this.#live) return this.#live
    throw new EngineError('engine/not-loaded', 'No model is loaded.')
  }

  /**
   * Returns the model once it is back in another worker.
   *
   * @throws EngineError `loss` where it does not come back as it was
   */
  async revive(lost: StartedModel, loss: EngineError): Promise<StartedModel> {
    const live = await this.live().catch(() => Promise.reject(loss))
    // With other arithmetic, or another model, the rest would be another answer's.
    const isSame = live.loaded.id === lost.loaded.id && live.loaded.arithmeticId === lost.loaded.arithmeticId
    if (!isSame) throw loss
    return live
  }

  /** Calls back when the model is given up. Returns an unsubscribe. */
  watchLost(onLost: (error: Error) => void): () => void {
    this.#listeners.add(onLost)
    return () => this.#listeners.delete(onLost)
  }

  /** Calls back when a model that was lost is there again. Returns an unsubscribe. */
  watchBack(onBack: (loaded: LoadedModel) => void): () => void {
    this.#backListeners.add(onBack)
    return () => this.#backListeners.delete(onBack)
  }

  /** Sets the share of the time that the model may run, also of those that come after it. */
  throttle(share: number): void {
    this.#share = share
    // A worker that is lost meanwhile is told when it is back.
    this.#live?.channel.call('throttle', share).catch(() => {})
  }

  /** Tells that the model works: its next loss is the first again. */
  markWorking(): void {
    this.#losses = 0
  }

  /** Ends the worker; calls that wait fail with the reason. */
  stop(reason = cancelled()): void {
    this.#over.abort(reason)
    this.#over = new AbortController()
    this.#channel?.end(reason)
    this.#channel = null
    this.#live = null
    this.#recovery = null
  }

  async #start(plan: StartPlan, onProgress: (progress: LoadProgress) => void): Promise<LoadedModel> {
    const open = (input: RuntimeInput) => (this.#channel = this.#takeEarly(input) ?? this.#open())
    const started = await startModel(plan, open, onProgress, this.#over.signal)
    this.#plan = { ...plan, model: started.model }
    this.#live = started
    started.channel.allowSilence(longestStepMs(started.loaded, this.#stallMs))
    if (this.#share < 1) this.throttle(this.#share)
    return started.loaded
  }

  #open(): CallChannel<ModelCalls> {
    const onLost = (error: Error) => this.#recover(channel, error)
    const channel = new CallChannel<ModelCalls>(this.#openWorker(), { stallMs: this.#stallMs, onLost })
    return channel
  }

  #takeEarly({ recipe, threads }: RuntimeInput): CallChannel<ModelCalls> | null {
    const early = this.#early
    this.#early = null
    if (early?.input.recipe === recipe && early.input.threads === threads) return early.channel
    early?.channel.end(cancelled())
    return null
  }

  /** A worker lost while it loads is the loader's business. */
  #recover(channel: CallChannel<ModelCalls>, error: Error): void {
    if (this.#early?.channel === channel) this.#early = null
    if (this.#live?.channel !== channel || this.#plan === null) return
    if (++this.#losses > mostLosses) return this.#giveUp(error)
    const recovery = this.#start(planAgain(this.#plan, this.#live.loaded, error), () => {}).then(
      (loaded) => {
        for (const onBack of this.#backListeners) onBack(loaded)
      },
      (failure: Error) => {
        if (this.#recovery === recovery) this.#giveUp(failure)
      },
    )
    this.#recovery = recovery
  }

  #giveUp(error: Error): void {
    this.stop()
    for (const onLost of this.#listeners) onLost(error)
  }
}

/** The back end that computed before comes first, and gets a second chance: a GPU may need a moment. */
function planAgain(plan: StartPlan, { backend, slots }: LoadedModel, loss: Error): StartPlan {
  const others = plan.backends.filter((other) => other !== backend)
  const isFull = loss instanceof EngineError && loss.code === 'engine/out-of-memory'
  return {
    ...plan,
    backends: [backend, backend, ...others],
    slots: isFull ? Math.max(1, Math.floor(slots / 2)) : slots,
    // There is less than it seemed: of answers that ended the least is kept.
    memoryBytes: isFull ? 0 : plan.memoryBytes,
  }
}

/** How long a step may take before its worker is given up: short enough that whoever waits for an answer still does. */
function longestStepMs({ tokensPerSecond }: LoadedModel, stallMs: number): number {
  return Math.min(stallMs, Math.max(leastStallMs, (slowestStepTokens * 1000) / tokensPerSecond))
}

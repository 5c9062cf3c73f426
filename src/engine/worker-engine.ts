import { EngineError } from '../errors/index.ts'
import type {
  Backend,
  Engine,
  EngineProbe,
  LoadedModel,
  LoadProgress,
  ModelText,
  VerifiedModel,
} from '../ports/engine.ts'
import { cancelled, unlessCancelled } from './cancelled.ts'
import { defaultRecipes, type RecipeName } from './graph/recipe.ts'
import { outlive, type Place, streamAnswer } from './lasting-answer.ts'
import { type Loader, LoadLock } from './load-lock.ts'
import { measureInWorkers } from './measure-client.ts'
import { ModelKeeper } from './model-keeper.ts'
import { ModelSlots } from './model-slots.ts'
import { probeMachine } from './probe.ts'
import type { StartedModel } from './start-model.ts'
import { createTextClient } from './text-client.ts'
import type { WorkerLike } from './worker/call-channel.ts'

import { openMeasureWorker, openModelWorker, openTextWorker } from './worker/open-workers.ts'
import { createTurns } from './worker/turns.ts'

/** What tests and measurements may choose; a page takes the defaults. */
export type WorkerEngineOptions = {
  openModelWorker?: () => WorkerLike
  openTextWorker?: () => WorkerLike
  probe?: () => Promise<EngineProbe>
  /** Longest time without a sign of life before a worker is given up. */
  stallMs?: number
  /** Requests that run side by side; as many as there is memory for when left out. */
  slots?: number
  /** Recipes instead of the back ends' own, for measuring. */
  recipes?: Partial<Record<Backend, RecipeName>>
  /** Tokens in one slice of a prefill; by default what suits the back end. */
  sliceTokens?: number
  /** Whether several tokens may be guessed and checked in one step; answers are the same either way. */
  guess?: boolean
}

/** Returns the engine that runs a model in a worker of its own, and replaces a worker that fails. */
export function createWorkerEngine(options: WorkerEngineOptions = {}): Engine {
  const { stallMs = 120_000, probe = probeMachine } = options
  const keeper = new ModelKeeper(options.openModelWorker ?? openModelWorker, stallMs)
  const place = { keeper, slots: new ModelSlots(keeper) }
  /** Where answers are checked: beside the slots, so that no job that was taken on finds none. */
  const besides = { keeper, slots: new ModelSlots(keeper, () => 1) }
  const inTurn = createTurns()
  const texts = createTextClient(options.openTextWorker ?? openTextWorker, stallMs)
  let text: ModelText | null = null
  /** What can be tokenized for: a model that still waits for its text is none. */
  const loadedModel = () => (text ? keeper.loaded : null)

  const recipes = { ...defaultRecipes, ...options.recipes }
  const start: Loader['start'] = async (model, { backends, signal, onProgress }) => {
    const machine = await probe()
    const plan = {
      model,
      backends: backends ?? machine.backends,
      recipes,
      reason: backends ? 'The caller chose.' : machine.reason,
      threads: machine.threads,
      slots: options.slots,
      memoryBytes: machine.memoryBytes,
      sliceTokens: options.sliceTokens,
      guess: options.guess ?? true,
    }
    // Its own worker reads the text while the model is prepared and compiled: verifying needs every core before.
    let opening: Promise<ModelText> | undefined
    const openTextOnce = () => (opening ??= openText(model, signal))
    const onLoadProgress = (progress: LoadProgress) => {
      if (progress.stage !== 'read') openTextOnce().catch(() => {})
      onProgress(progress)
    }
    throwIfCancelled(signal)
    text = null
    const loaded = await keeper.start(plan, onLoadProgress, signal)
    const opened = await openTextOnce()
    throwIfCancelled(signal)
    text = opened
    return loaded
  }
  const lock = new LoadLock({
    start,
    stop: () => keeper.stop(),
    get loaded() {
      return loadedModel()
    },
  })

  const openText = async (model: VerifiedModel, signal?: AbortSignal): Promise<ModelText> => {
    try {
      return await texts.open(model, new Blob(model.files))
    } catch (error) {
      const isCutShort = error instanceof EngineError && error.code === 'engine/malformed-model'
      if (!isCutShort || !model.whole) throw error
      return texts.open(model, new Blob(await model.whole(signal)))
    }
  }

  let warming = Promise.resolve()
  const warm: Engine['warm'] = async ({ backends, signal, model } = {}) => {
    const { threads, ...machine } = await probe()
    const [backend] = backends ?? machine.backends
    const early = model ? { model: { id: model.id, manifest: model.manifest } } : {}
    if (!backend || signal?.aborted) return
    keeper.warm({ recipe: recipes[backend], threads, ...early }, signal)
    texts.warm()
  }

  const held = async <value>(work: () => Promise<value>): Promise<value> => {
    const release = lock.hold()
    try {
      return await work()
    } finally {
      release()
    }
  }
  const during = <value>(
    where: Place,
    signal: AbortSignal | undefined,
    work: (live: StartedModel) => Promise<value>,
  ): Promise<value> =>
    outlive(where, async (live) => {
      throwIfCancelled(signal)
      const value = await work(live)
      // A short piece of work may be done before the worker hears of it.
      throwIfCancelled(signal)
      return value
    })
  const beside = <value>(
    signal: AbortSignal | undefined,
    work: (live: StartedModel) => Promise<value>,
  ): Promise<value> =>
    held(() =>
      unlessCancelled(
        inTurn(() => held(() => during(besides, signal, work))),
        signal,
      ),
    )
  const loadedText = (): ModelText => {
    if (text && keeper.loaded) return text
    throw new EngineError('engine/not-loaded', 'No model is loaded.')
  }

  return {
    probe,
    checkModel: (head, layout) => texts.check(head, layout),
    async measure(file, measuring = {}) {
      await texts.check(file)
      const { threads } = await probe()
      return measureInWorkers(file, { openWorker: openMeasureWorker, stallMs, threads }, measuring)
    },
    warm: (options) => (warming = warm(options)),
    deliver: (id, part) => void warming.then(() => keeper.deliver(id, part)).catch(() => {}),
    load: (model, loading) => lock.load(model, loading),
    get loaded(): LoadedModel | null {
      return loadedModel()
    },
    text: {
      get embeddingWidth() {
        return loadedText().embeddingWidth
      },
      encodeForEmbedding: async (content) => loadedText().encodeForEmbedding(content),
      encodeChat: async (messages) => loadedText().encodeChat(messages),
      decode: async (tokenIds) => loadedText().decode(tokenIds),
    },
    openText: (model, head) => texts.open(model, head),
    async *generate(request, signal) {
      const release = lock.hold()
      try {
        return yield* streamAnswer(place, request, signal)
      } finally {
        release()
      }
    },
    recompute: (request, signal) =>
      beside(signal, ({ channel }) => channel.call('recompute', request, { signal })),
    embed: (tokenIds, signal, owner) =>
      held(() =>
        unlessCancelled(
          during(place, signal, ({ channel }) => channel.call('embed', { tokenIds, owner }, { signal })),
          signal,
        ),
      ),
    distributions: (tokenIds, count, top, signal) =>
      beside(signal, ({ channel }) => channel.call('distributions', { tokenIds, count, top }, { signal })),
    throttle: (share) => keeper.throttle(share),
    watchLost: (onLost) => keeper.watchLost(onLost),
    watchBack: (onBack) => keeper.watchBack(onBack),
    hold: () => lock.hold(),
    unload: async () => lock.unload(),
  }
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled()
}

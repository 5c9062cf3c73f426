import type { Hex } from '../domain/bytes.ts'
import { EngineError } from '../errors/index.ts'
import type { Engine, EngineProbe, LoadedModel, ModelText } from '../ports/engine.ts'
import { cancelled, unlessCancelled } from './cancelled.ts'
import { distributions } from './decode/distributions.ts'
import { embed } from './decode/embed.ts'
import { generate } from './decode/generate.ts'
import { runKnownAnswer } from './decode/known-answer.ts'
import { recompute } from './decode/recompute.ts'
import type { LanguageModel } from './decode/sequence.ts'
import { type Loader, LoadLock } from './load-lock.ts'
import { createByteModel, createMemoryModel, encodeByteChat } from './memory-model.ts'
import { decodeTokens } from './text/text-stream.ts'
import { createTurns } from './worker/turns.ts'

/** What an in-memory engine pretends to be. */
export type MemoryEngineOptions = {
  /** Another number is another model: what a provider that cheats would run. */
  weights?: number
  slots?: number
  contextTokens?: number
  /** Speed that the loaded model claims. */
  tokensPerSecond?: number
  /** Runs before each token and each prefill; by default one turn of the event loop. */
  pause?: (signal?: AbortSignal) => Promise<void>
}

/** An engine whose model can be lost on demand. It keeps no share of the time: it only remembers the last. */
export type MemoryEngine = Engine & {
  readonly share: number
  /** For good. */
  lose(error?: Error): void
  /** As if it had been lost and were back, changed. */
  comeBack(change: Partial<LoadedModel>): void
}

/**
 * Returns an engine that computes a tiny byte-level model in this thread: deterministic, and as honest as
 * a real one. The same sampler, decode loop and recomputation run over it.
 */
export function createMemoryEngine(options: MemoryEngineOptions = {}): MemoryEngine {
  const { weights = 1, slots = 4, contextTokens = 2048, tokensPerSecond = 100, pause = nextTurn } = options
  const model = createByteModel({ contextTokens, weights, pause })
  const listeners = new Set<(error: Error) => void>()
  const backListeners = new Set<(loaded: LoadedModel) => void>()
  let loaded: LoadedModel | null = null
  /** Aborts with the reason when the model is lost. */
  let life = new AbortController()
  let running = 0
  let share = 1

  const requireLoaded = (): LoadedModel => {
    if (loaded) return loaded
    throw new EngineError('engine/not-loaded', 'No model is loaded.')
  }
  const stop = (reason = cancelled()) => {
    loaded = null
    life.abort(reason)
  }
  const load: Loader['start'] = async (verified, { signal, onProgress }) => {
    stop(new EngineError('engine/busy', 'This tab has begun to load another model.'))
    for (const stage of ['read', 'prepare', 'compile', 'self-test'] as const) {
      onProgress({ stage, fraction: 0 })
      await pause(signal).catch(() => undefined)
      if (signal.aborted) throw cancelled()
      onProgress({ stage, fraction: 1 })
    }
    await runKnownAnswer(model, model.openSequence(), verified.manifest.knownAnswer)
    if (signal.aborted) throw cancelled()
    life = new AbortController()
    return (loaded = describe(verified.id, { model, weights, slots, tokensPerSecond }))
  }
  const lock = new LoadLock({
    start: load,
    stop: () => stop(),
    get loaded() {
      return loaded
    },
  })
  /** Takes a slot; returns what gives it back. */
  const enter = () => {
    if (running >= requireLoaded().slots)
      throw new EngineError('engine/busy', 'The model is busy with other requests.')
    running++
    const release = lock.hold()
    return () => {
      running--
      release()
    }
  }
  const held = async <value>(work: () => Promise<value>, signal?: AbortSignal, take = enter) => {
    const leave = take()
    try {
      requireLoaded()
      return await work()
    } catch (error) {
      throw signal?.aborted ? cancelled() : error
    } finally {
      leave()
    }
  }
  const inTurn = createTurns()
  const hold = () => lock.hold()
  const beside = <value>(work: () => Promise<value>, signal?: AbortSignal) => {
    const waiting = inTurn(() => held(work, signal, hold))
    return held(() => unlessCancelled(waiting, signal), signal, hold)
  }

  return {
    probe: async () => probe,
    checkModel: async (head) => requireHead(head),
    async measure(file, { signal, onProgress } = {}) {
      requireHead(file)
      for (const stage of ['check', 'prepare', 'observe', 'test'] as const) {
        onProgress?.({ stage, fraction: 0 })
        await pause(signal).catch(() => undefined)
        if (signal?.aborted) throw cancelled()
        onProgress?.({ stage, fraction: 1 })
      }
      const { family, knownAnswer } = createMemoryModel({ weights }).manifest
      return { name: null, license: null, family, contextTokens, knownAnswer, smoothing: new Uint8Array([0]) }
    },
    warm: async () => {},
    deliver: () => {},
    load: (verified, options) => lock.load(verified, options),
    get loaded() {
      return loaded
    },
    text: byteText(model, requireLoaded),
    async openText(_model, head) {
      requireHead(head)
      return byteText(model)
    },
    async *generate(request, signal) {
      const leave = enter()
      const { signal: lost } = life
      const ended = AbortSignal.any([lost, ...(signal ? [signal] : [])])
      const answer = generate(model, model.openSequence(), request, ended)
      try {
        for (;;) {
          const next = await answer.next()
          lost.throwIfAborted()
          if (next.done) return next.value
          yield next.value
        }
      } finally {
        leave()
      }
    },
    recompute: (request, signal) =>
      beside(async () => {
        const { arithmeticId } = requireLoaded()
        const verdict = await recompute(model, model.openSequence(), request, signal)
        return { arithmeticId, ...verdict }
      }, signal),
    embed: (tokenIds, signal) => held(() => embed(model, model.openSequence(), tokenIds, signal), signal),
    distributions: (tokenIds, count, top, signal) =>
      beside(() => distributions(model, model.openSequence(), tokenIds, count, top, signal), signal),
    get share() {
      return share
    },
    throttle(next) {
      share = next
    },
    watchLost(onLost) {
      listeners.add(onLost)
      return () => listeners.delete(onLost)
    },
    watchBack(onBack) {
      backListeners.add(onBack)
      return () => backListeners.delete(onBack)
    },
    hold,
    unload: async () => lock.unload(),
    lose(error = new EngineError('engine/device-lost', 'The device was lost.')) {
      loaded = null
      life.abort(error)
      for (const onLost of listeners) onLost(error)
    },
    comeBack(change) {
      loaded = { ...requireLoaded(), ...change }
      for (const onBack of backListeners) onBack(loaded)
    },
  }
}

const probe: EngineProbe = {
  webgpu: null,
  crossOriginIsolated: false,
  threads: 1,
  memoryBytes: null,
  storageBytes: null,
  backends: ['wasm'],
  reason: 'The model is computed in memory.',
}

function describe(
  id: Hex,
  facts: { model: LanguageModel; weights: number; slots: number; tokensPerSecond: number },
): LoadedModel {
  return {
    id,
    backend: 'wasm',
    reason: probe.reason,
    arithmeticId: `0x${facts.weights.toString(16).padStart(64, '0')}`,
    arithmetic: 'memory-1',
    contextTokens: facts.model.contextTokens,
    slots: facts.slots,
    tokensPerSecond: facts.tokensPerSecond,
    exact: true,
    fromCache: false,
  }
}

function byteText(model: LanguageModel, check: () => void = () => {}): ModelText {
  return {
    get embeddingWidth() {
      check()
      return model.embeddingWidth
    },
    async encodeForEmbedding(text) {
      check()
      return [...new TextEncoder().encode(text)]
    },
    async encodeChat(messages) {
      check()
      return encodeByteChat(messages)
    },
    async decode(tokenIds) {
      check()
      return decodeTokens(tokenIds, model.tokenBytes)
    },
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve))
}

function requireHead(head: Blob): void {
  if (head.size === 0) throw new EngineError('engine/malformed-model', 'The head of the model file is empty.')
}

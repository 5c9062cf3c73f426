import { countIdleBytes } from '../../domain/count-slots.ts'
import { EngineError, toWireError } from '../../errors/index.ts'
import type { ComingModel } from '../../ports/engine.ts'
import { distributions } from '../decode/distributions.ts'
import { embed } from '../decode/embed.ts'
import { generate } from '../decode/generate.ts'
import { recompute } from '../decode/recompute.ts'
import type { LanguageModel, Sequence } from '../decode/sequence.ts'
import { createSequencePool, type SequencePool } from '../decode/sequence-pool.ts'
import { recipes } from '../graph/recipe.ts'
import { isFolder } from '../folder/folder-files.ts'
import { EarlyModel } from './early-model.ts'
import { loadModel, type RunningModel } from './load-model.ts'
import type { EarlyRuntime, LoadPlace } from './load-place.ts'
import type { LoadOutput, ModelCalls, RuntimeInput } from './model-calls.ts'
import { monotonicClock } from './monotonic-clock.ts'
import { Pacer } from './pacer.ts'
import { keyOfPrepared } from './prepare-model.ts'
import { createRoomyStore, originPreparedStore } from './prepared-store.ts'
import { runtimeFiles } from './runtime-files.ts'
import { serveCalls } from './serve-calls.ts'
import { startRuntime } from './start-runtime.ts'

/** A worker loads one model in its life; another model gets another worker. */
let running: (RunningModel & { pool: SequencePool }) | null = null

let early: EarlyRuntime | undefined
let earlyModel: EarlyModel | undefined

const pacer = new Pacer(monotonicClock)
const restBeatMs = 2_000

serveCalls<ModelCalls>(self, {
  async warm(input) {
    const { model } = input
    if (model && !isFolder(model.manifest)) await warmFor(model, input)
    else await (early = { input, starting: startRuntime(input, placeFor(input)) }).starting
  },

  async deliver(part) {
    earlyModel?.deliver(part)
  },

  async load(input, { emit, signal }) {
    const loaded = await loadModel(input, placeFor(input), (progress) => void emit(progress), signal)
    const { memoryBytes = null } = input
    const idleBytes = countIdleBytes({ ...loaded.facts, memoryBytes })
    running = { ...loaded, pool: createSequencePool(loaded.model, idleBytes) }
    void running.lost.then((error) =>
      self.postMessage({ kind: 'lost', error: toWireError(error, 'engine/device-lost') }),
    )
    return running.facts
  },

  async generate({ request, madeIds }, { emit, signal }) {
    const { model, pool } = requireRunning()
    const sequence = await pool.borrow([...request.promptIds, ...madeIds], signal)
    sequence.owner = request.owner
    try {
      const answer = generate(model, sequence, request, signal, madeIds)
      for (let next = await answer.next(); ; next = await answer.next()) {
        if (next.done) return next.value
        await emit(next.value)
      }
    } finally {
      pool.giveBack(sequence)
    }
  },

  async throttle(share) {
    pacer.throttle(share)
  },

  recompute: (request, { signal }) =>
    withSequence(async (model, sequence, facts) => {
      const verdict = await recompute(model, sequence, request, signal)
      return { arithmeticId: facts.arithmeticId, ...verdict }
    }, signal),

  embed: ({ tokenIds, owner }, { signal }) =>
    withSequence((model, sequence) => {
      sequence.owner = owner
      return embed(model, sequence, tokenIds, signal)
    }, signal),

  distributions: ({ tokenIds, count, top }, { signal }) =>
    withSequence((model, sequence) => distributions(model, sequence, tokenIds, count, top, signal), signal),
})

async function warmFor(model: ComingModel, input: RuntimeInput): Promise<void> {
  const { recipe } = input
  // What is kept can be checked before anything of the model is there.
  const finding = originPreparedStore.find(keyOfPrepared(model.id, recipe))
  const starting = startRuntime(input, placeFor(input), finding)
  early = { input, starting }
  earlyModel = new EarlyModel(model, recipe, createRoomyStore(model.manifest), finding, starting)
  await starting
}

function placeFor({ recipe }: RuntimeInput): LoadPlace {
  const { backend } = recipes[recipe]
  return {
    runtimeFiles: runtimeFiles[backend],
    early,
    earlyModel,
    prepared: originPreparedStore,
    browser: navigator.userAgent,
    runStep,
    nowMs: () => pacer.workMs(),
  }
}

async function runStep<value>(step: () => Promise<value>): Promise<value> {
  // Who rests lives.
  const resting = setInterval(beat, restBeatMs)
  try {
    return await pacer.run(() => {
      clearInterval(resting)
      return step()
    })
  } finally {
    clearInterval(resting)
    beat()
  }
}

function beat(): void {
  self.postMessage({ kind: 'beat' })
}

async function withSequence<value>(
  work: (model: LanguageModel, sequence: Sequence, facts: LoadOutput) => Promise<value>,
  signal?: AbortSignal,
): Promise<value> {
  const { model, facts } = requireRunning()
  const sequence = model.openSequence()
  try {
    return await work(model, sequence, facts)
  } catch (error) {
    throw signal?.aborted ? new EngineError('engine/cancelled', 'Cancelled.') : error
  } finally {
    sequence.close()
  }
}

function requireRunning() {
  if (running) return running
  throw new EngineError('engine/not-loaded', 'No model is loaded.')
}

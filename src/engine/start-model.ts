import { countSlots } from '../domain/count-slots.ts'
import { EngineError, type EngineErrorCode, StorageError } from '../errors/index.ts'
import type { Backend, LoadedModel, LoadProgress, VerifiedModel } from '../ports/engine.ts'
import type { RecipeName } from './graph/recipe.ts'
import type { CallChannel } from './worker/call-channel.ts'
import type { LoadInput, LoadOutput, ModelCalls, RuntimeInput } from './worker/model-calls.ts'

/** How a model is to be started: kept, so that a lost worker can be replaced by one like it. */
export type StartPlan = {
  model: VerifiedModel
  /** Tried in order. */
  backends: readonly Backend[]
  recipes: Record<Backend, RecipeName>
  /** Why the first back end is first. */
  reason: string
  threads: number
  /** Requests that run side by side; as many as there is memory for when left out. */
  slots: number | undefined
  /** Memory of the whole computer; null where its browser does not say. */
  memoryBytes: number | null
  sliceTokens: number | undefined
  guess: boolean
}

/** A model that is ready, and the line to the worker that runs it. */
export type StartedModel = {
  channel: CallChannel<ModelCalls>
  loaded: LoadedModel
  /** With as much of its files as was brought. */
  model: VerifiedModel
}

/** One back end, with slices of a size of its own or of the usual one. */
type Attempt = { backend: Backend; sliceTokens: number | undefined }

/** Some GPU drivers compute long slices wrongly and short ones right. */
const cautiousSliceTokens = 8

/**
 * Loads a model into a fresh worker, with the next back end when one fails. On WebGPU a wrong known answer
 * is first put down to the size of the slices.
 *
 * @throws EngineError the last back end's, or at once what no other back end would cure
 * @throws StorageError where more of the model is needed and cannot be brought; the signal's reason, once it aborts
 */
export async function startModel(
  plan: StartPlan,
  openChannel: (input: RuntimeInput) => CallChannel<ModelCalls>,
  onProgress: (progress: LoadProgress) => void,
  signal: AbortSignal,
): Promise<StartedModel> {
  const attempts: Attempt[] = plan.backends.map((backend) => ({ backend, sliceTokens: plan.sliceTokens }))
  const failures: string[] = []
  let last = new EngineError('engine/no-backend', 'This browser can run no model.')
  let { model } = plan
  const load = (channel: CallChannel<ModelCalls>, attempt: Attempt) =>
    channel.call('load', describeLoad(plan, model, attempt), { onEvent: onProgress })
  for (let attempt = attempts.shift(); attempt; attempt = attempts.shift()) {
    signal.throwIfAborted()
    const channel = openChannel({ recipe: plan.recipes[attempt.backend], threads: plan.threads })
    try {
      const facts = await load(channel, attempt).catch(async (error: unknown) => {
        if (!isIncomplete(error) || !model.whole) throw error
        model = { id: model.id, manifest: model.manifest, files: await model.whole(signal) }
        return load(channel, attempt)
      })
      signal.throwIfAborted()
      return { channel, model, loaded: describeLoaded(plan, facts, failures) }
    } catch (error) {
      last = toEngineError(error)
      channel.end(last)
      signal.throwIfAborted()
      // Without its bytes no back end runs it.
      if (error instanceof StorageError) throw error
      if (isFinal(last)) throw last
      failures.push(`${attempt.backend} failed: ${last.shortMessage}`)
      if (mayCureBySlices(last, attempt)) attempts.unshift({ ...attempt, sliceTokens: cautiousSliceTokens })
    }
  }
  throw last
}

function mayCureBySlices({ code }: EngineError, { backend, sliceTokens }: Attempt): boolean {
  return code === 'engine/known-answer-failed' && backend === 'webgpu' && sliceTokens === undefined
}

function describeLoad(
  { recipes, threads, memoryBytes, guess }: StartPlan,
  { id, manifest, files }: VerifiedModel,
  { backend, sliceTokens }: Attempt,
): LoadInput {
  const model = { id, manifest, files }
  const recipe = recipes[backend]
  return { model, recipe, threads, memoryBytes, guess, ...(sliceTokens ? { sliceTokens } : {}) }
}

function describeLoaded(
  plan: StartPlan,
  { weightBytes, cacheBytesPerToken, stepPlaces, ...facts }: LoadOutput,
  failures: string[],
): LoadedModel {
  const { model, reason, memoryBytes } = plan
  const { contextTokens } = facts
  const needs = { weightBytes, cacheBytesPerToken, contextTokens }
  const slots = plan.slots ?? countSlots({ ...needs, stepPlaces, memoryBytes })
  return { id: model.id, ...facts, slots, reason: [...failures, reason].join(' ') }
}

/** What is wrong with the model itself, or wanted by the caller, is no back end's fault. */
const finalCodes: readonly EngineErrorCode[] = [
  'engine/cancelled',
  'engine/busy',
  'engine/malformed-model',
  'engine/unsupported-model',
]

function isIncomplete(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'engine/incomplete-model'
}

function isFinal({ code }: EngineError): boolean {
  return finalCodes.includes(code)
}

function toEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error
  return new EngineError('engine/load-failed', 'The model could not be loaded.', { cause: error })
}

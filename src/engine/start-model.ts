import { EngineError } from '../errors/index.ts'
import type { Backend, LoadedModel, LoadProgress, VerifiedModel } from '../ports/engine.ts'
import type { RecipeName } from './graph/recipe.ts'
import type { CallChannel } from './worker/call-channel.ts'
import type { LoadOutput, ModelCalls } from './worker/model-calls.ts'

/** How a model is to be started: kept, so that a lost worker can be replaced by one like it. */
export type StartPlan = {
  model: VerifiedModel
  /** Tried in order. */
  backends: readonly Backend[]
  recipes: Record<Backend, RecipeName>
  /** Why the first back end is first. */
  reason: string
  threads: number
  slots: number
  sliceTokens: number | undefined
}

export type StartedModel = { channel: CallChannel<ModelCalls>; loaded: LoadedModel }

/**
 * Loads a model into a fresh worker, with the next back end when one fails.
 *
 * @throws EngineError the last back end's, or at once what no other back end would cure
 */
export async function startModel(
  plan: StartPlan,
  openChannel: () => CallChannel<ModelCalls>,
  onProgress: (progress: LoadProgress) => void,
): Promise<StartedModel> {
  const failures: string[] = []
  let last = new EngineError('engine/no-backend', 'This browser can run no model.')
  for (const backend of plan.backends) {
    const channel = openChannel()
    try {
      const facts = await channel.call('load', describeLoad(plan, backend), { onEvent: onProgress })
      return { channel, loaded: describeLoaded(plan, facts, failures) }
    } catch (error) {
      const failure = toEngineError(error)
      channel.end(failure)
      if (isFinal(failure)) throw failure
      failures.push(`${backend} failed: ${failure.shortMessage}`)
      last = failure
    }
  }
  throw last
}

function describeLoad({ model, recipes, threads, sliceTokens }: StartPlan, backend: Backend) {
  return { model, recipe: recipes[backend], threads, ...(sliceTokens ? { sliceTokens } : {}) }
}

function describeLoaded(
  { model, reason, slots }: StartPlan,
  facts: LoadOutput,
  failures: string[],
): LoadedModel {
  return { id: model.id, ...facts, slots, reason: [...failures, reason].join(' ') }
}

/** What is wrong with the model itself, or wanted by the caller, is no back end's fault. */
function isFinal({ code }: EngineError): boolean {
  return (
    code === 'engine/cancelled' || code === 'engine/malformed-model' || code === 'engine/unsupported-model'
  )
}

function toEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error
  return new EngineError('engine/load-failed', 'The model could not be loaded.', { cause: error })
}

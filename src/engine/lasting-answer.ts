import { EngineError } from '../errors/index.ts'
import type { GenerateRequest, GenerateResult, TokenEvent } from '../ports/engine.ts'
import { EventQueue } from './event-queue.ts'
import { isLoss } from './is-loss.ts'
import type { ModelKeeper } from './model-keeper.ts'
import type { StartedModel } from './start-model.ts'

/** Losses of its worker that a piece of work survives; at the next it is handed back. */
const mostSurvived = 2

/** Does work on the model, from its beginning again when the worker was lost meanwhile. */
export async function outlive<value>(
  keeper: ModelKeeper,
  first: StartedModel,
  work: (live: StartedModel) => Promise<value>,
): Promise<value> {
  let live = first
  for (let losses = 1; ; losses++) {
    try {
      const value = await work(live)
      keeper.markWorking()
      return value
    } catch (error) {
      live = await succeed(keeper, live, error, losses)
    }
  }
}

/**
 * Streams an answer. When its worker is lost, the next one reads prompt and tokens again and goes on behind the last
 * token: choices depend on text, settings and seed alone, so nobody can tell.
 *
 * @throws EngineError what the worker was lost of, saying how much was made, when the answer does not go on
 */
export async function* streamAnswer(
  keeper: ModelKeeper,
  first: StartedModel,
  request: GenerateRequest,
  signal?: AbortSignal,
): AsyncGenerator<TokenEvent, GenerateResult, void> {
  const madeIds: number[] = []
  let live: StartedModel | null = first
  for (let losses = 1; live && !signal?.aborted; losses++) {
    try {
      const result = yield* streamFrom(live, { request, madeIds }, signal)
      keeper.markWorking()
      return result
    } catch (error) {
      const next: Promise<StartedModel> = succeed(keeper, live, error, losses).catch((failure: unknown) => {
        throw isLoss(failure) ? brokenOff(failure, madeIds.length) : failure
      })
      live = await Promise.race([next, whenAborted(signal)])
    }
  }
  return cancelled
}

/** Returns the model in the next worker, to go on with; throws what is no loss, and the last that is survived. */
async function succeed(
  keeper: ModelKeeper,
  live: StartedModel,
  error: unknown,
  losses: number,
): Promise<StartedModel> {
  if (!isLoss(error)) throw error
  live.channel.lose(error)
  if (losses > mostSurvived) throw error
  return keeper.revive(live, error)
}

/** Streams what one worker makes of an answer, and adds it to `madeIds`. */
async function* streamFrom(
  { channel }: StartedModel,
  { request, madeIds }: { request: GenerateRequest; madeIds: number[] },
  signal: AbortSignal | undefined,
): AsyncGenerator<TokenEvent, GenerateResult, void> {
  const tokens = new EventQueue<TokenEvent>()
  const left = new AbortController()
  const answer = channel.call(
    'generate',
    { request, madeIds: [...madeIds] },
    {
      signal: AbortSignal.any([left.signal, ...(signal ? [signal] : [])]),
      onEvent: (event) => tokens.push(event),
    },
  )
  answer.then(
    () => tokens.end(),
    () => tokens.end(),
  )
  try {
    for await (const event of tokens) {
      // Tokens that were on their way when the caller changed its mind are not shown any more.
      if (signal?.aborted) return cancelled
      madeIds.push(event.tokenId)
      yield event
    }
    return await answer
  } finally {
    left.abort()
  }
}

function brokenOff(loss: EngineError, tokens: number): EngineError {
  const kept =
    tokens === 0
      ? 'Nothing of the answer was made.'
      : `What was made of the answer is kept: ${tokens} tokens.`
  const { details } = loss
  return new EngineError(loss.code, `${loss.shortMessage} ${kept}`, {
    cause: loss,
    ...(details ? { details } : {}),
  })
}

function whenAborted(signal: AbortSignal | undefined): Promise<null> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve(null), { once: true }))
}

const cancelled: GenerateResult = { finishReason: 'cancelled', text: '' }

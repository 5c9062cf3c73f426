import { EngineError } from '../errors/index.ts'
import type { GenerateRequest, GenerateResult, TokenEvent } from '../ports/engine.ts'
import { EventQueue } from './event-queue.ts'
import { isLoss } from './is-loss.ts'
import type { ModelKeeper } from './model-keeper.ts'
import type { ModelSlots } from './model-slots.ts'
import type { StartedModel } from './start-model.ts'

/** Losses of its worker that a piece of work survives; at the next it is handed back. */
const mostSurvived = 2

/** A model and its slots. */
export type Place = { keeper: ModelKeeper; slots: ModelSlots }

/** Does work on the model, from its beginning again when the worker was lost meanwhile. */
export async function outlive<value>(
  { keeper, slots }: Place,
  work: (live: StartedModel) => Promise<value>,
): Promise<value> {
  let live = await slots.enter()
  for (let losses = 1; ; losses++) {
    let loss: EngineError
    try {
      const value = await work(live)
      keeper.markWorking()
      return value
    } catch (error) {
      loss = survive(live, error, losses)
    } finally {
      slots.leave()
    }
    live = await slots.reenter(live, loss)
  }
}

/**
 * Streams an answer. When its worker is lost, the next one reads prompt and tokens again and goes on behind the last
 * token: choices depend on text, settings and seed alone, so nobody can tell.
 *
 * @throws EngineError what the worker was lost of, saying how much was made, when the answer does not go on
 */
export async function* streamAnswer(
  { keeper, slots }: Place,
  request: GenerateRequest,
  signal?: AbortSignal,
): AsyncGenerator<TokenEvent, GenerateResult, void> {
  const madeIds: number[] = []
  const entered = await unlessAborted(slots.enter(), signal, () => slots.leave())
  if (entered === null) return cancelled
  let live = entered
  try {
    for (let losses = 1; ; losses++) {
      let loss: EngineError
      try {
        const result = yield* streamFrom(live, { request, madeIds }, signal)
        keeper.markWorking()
        return result
      } catch (error) {
        loss = survive(live, error, losses)
      } finally {
        slots.leave()
      }
      const next = await unlessAborted(slots.reenter(live, loss), signal, () => slots.leave())
      if (next === null) return cancelled
      live = next
    }
  } catch (error) {
    if (signal?.aborted) return cancelled
    throw isLoss(error) ? brokenOff(error, madeIds.length) : error
  }
}

/** Gives a lost worker up, and returns what it was lost of; throws what is no loss, and one too many. */
function survive({ channel }: StartedModel, error: unknown, losses: number): EngineError {
  if (!isLoss(error)) throw error
  channel.lose(error)
  if (losses > mostSurvived) throw error
  return error
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

/** Resolves with null as soon as the signal aborts; what comes later is given back. */
async function unlessAborted<value>(
  promise: Promise<value>,
  signal: AbortSignal | undefined,
  giveBack: () => void,
): Promise<value | null> {
  const aborted = new Promise<null>((resolve) => {
    if (signal?.aborted) resolve(null)
    signal?.addEventListener('abort', () => resolve(null), { once: true })
  })
  const first = await Promise.race([promise, aborted])
  if (first === null) promise.then(giveBack, () => {})
  return first
}

const cancelled: GenerateResult = { finishReason: 'cancelled', text: '' }

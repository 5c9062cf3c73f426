import { StorageError } from '../errors/index.ts'
import type { Clock } from '../ports/clock.ts'

/** One place to ask. What it does once the signal aborts is of no matter. */
export type Ask<result> = (signal: AbortSignal) => Promise<result>

/** How long places are waited for. */
export type Patience = {
  /** The next one is asked when the one before has said nothing for so long, or failed. */
  eachMs: number
  /** All of them have so long together. */
  allMs: number
}

/**
 * Returns what the first place gives that has it; the others are told to stop. One that keeps silent holds nobody up.
 *
 * @throws AggregateError with each place's failure; StorageError `storage/source-failed` when time is up
 */
export async function firstResult<result>(
  asks: Ask<result>[],
  { eachMs, allMs }: Patience,
  clock: Clock,
  signal?: AbortSignal,
): Promise<result> {
  signal?.throwIfAborted()
  const over = new AbortController()
  const within = signal ? AbortSignal.any([signal, over.signal]) : over.signal
  const { promise: stopped, reject: stop } = Promise.withResolvers<never>()
  within.addEventListener('abort', () => stop(within.reason), { once: true })
  clock.sleep(allMs, over.signal).then(
    () => over.abort(tooLate()),
    () => {},
  )

  let turn: Promise<unknown> = Promise.resolve()
  const asked = asks.map((ask) => {
    const answer = turn.then(() => ask(within))
    const silence = turn.then(() => clock.sleep(eachMs, within))
    turn = Promise.any([
      silence,
      answer.then(
        () => stopped,
        () => {},
      ),
    ])
    turn.catch(() => {})
    return answer
  })
  try {
    return await Promise.race([Promise.any(asked), stopped])
  } finally {
    over.abort()
  }
}

function tooLate(): StorageError {
  return new StorageError('storage/source-failed', 'Nobody answered in time.')
}

import { EngineError } from '../errors/index.ts'

/** What ends a piece of work that its caller wants no more. */
export function cancelled(): EngineError {
  return new EngineError('engine/cancelled', 'Cancelled.')
}

/**
 * Returns what the work comes to, unless the signal aborts before.
 *
 * @throws EngineError the signal's reason where that is one, `engine/cancelled` otherwise
 */
export async function unlessCancelled<value>(
  work: Promise<value>,
  signal: AbortSignal | undefined,
): Promise<value> {
  if (!signal) return work
  const over = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    const fail = () => reject(signal.reason instanceof EngineError ? signal.reason : cancelled())
    if (signal.aborted) fail()
    signal.addEventListener('abort', fail, { once: true, signal: over.signal })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    over.abort()
  }
}

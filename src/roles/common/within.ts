import type { Clock } from '../../ports/index.ts'

/**
 * Returns what work comes to, which goes on where it takes too long.
 * @throws what `late` returns, after `timeoutMs`
 */
export async function within<result>(
  timeoutMs: number,
  work: Promise<result>,
  late: () => Error,
  clock: Pick<Clock, 'sleep'>,
): Promise<result> {
  const done = new AbortController()
  const tooLate = clock.sleep(timeoutMs, done.signal).then(
    () => Promise.reject(late()),
    () => new Promise<never>(() => {}),
  )
  try {
    return await Promise.race([work, tooLate])
  } finally {
    done.abort()
  }
}

/** Returns what work comes to, or null after `timeoutMs` or once the signal aborts; it goes on then. */
export async function withinOrNull<result>(
  timeoutMs: number,
  work: Promise<result>,
  clock: Pick<Clock, 'sleep'>,
  signal?: AbortSignal,
): Promise<result | null> {
  const done = new AbortController()
  const ended = signal ? AbortSignal.any([signal, done.signal]) : done.signal
  const late = clock.sleep(timeoutMs, ended).then(
    () => null,
    () => null,
  )
  try {
    return await Promise.race([work, late])
  } finally {
    done.abort()
  }
}

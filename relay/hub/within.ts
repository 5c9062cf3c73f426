import type { Clock } from '../../src/ports/index.ts'

/**
 * Returns what work comes to, which goes on where it takes too long.
 * @throws what `late` returns, after `timeoutMs`
 */
export async function within<result>(
  timeoutMs: number,
  work: Promise<result>,
  late: () => Error,
  clock: Clock,
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

import { MarketError } from '../../errors/index.ts'

/**
 * Returns what the work gives, unless the signal aborts first. The work goes on then; `onLate` gets what it gives.
 * @throws MarketError `market/cancelled`, or why the work failed
 */
export async function unlessAborted<result>(
  work: Promise<result>,
  signal: AbortSignal,
  onLate: (result: result) => void = () => {},
): Promise<result> {
  const settled = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    const cancel = () => reject(new MarketError('market/cancelled', 'Cancelled before an answer came.'))
    if (signal.aborted) cancel()
    else signal.addEventListener('abort', cancel, { signal: settled.signal })
  })
  try {
    return await Promise.race([work, aborted])
  } catch (error) {
    if (signal.aborted) work.then(onLate, () => {})
    throw error
  } finally {
    settled.abort()
  }
}

import { BaseError } from '../../../src/errors/index.ts'
import type { Clock } from '../../../src/ports/index.ts'
import type { RelayLog } from '../../log.ts'
import type { HubBooks } from './sqlite-hub-store.ts'

/** Between two copies, each of which holds up the hub for about a second per 100 MB of books. */
const intervalMs = 15 * 60_000

/** What is copied, and where to. */
export type BackUpDeps = { books: HubBooks; file: string; clock: Clock; log: RelayLog }

/** Copies a hub's books now, again and again, and once more when the signal aborts. Resolves after that. */
export async function backUpBooks(
  { books, file, clock, log }: BackUpDeps,
  signal: AbortSignal,
): Promise<void> {
  let isFailing = false
  for (;;) {
    try {
      await books.copyTo(file)
      if (isFailing) log('hub-backup-mended')
      isFailing = false
    } catch (error) {
      log('hub-backup-failed', { code: error instanceof BaseError ? error.code : 'unknown' })
      isFailing = true
    }
    if (signal.aborted) return
    await clock.sleep(intervalMs, signal).catch(() => {})
  }
}

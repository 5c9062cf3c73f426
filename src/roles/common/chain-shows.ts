import type { Clock } from '../../ports/index.ts'

const pollMs = 1_000

/**
 * Returns whether the chain comes to show something within the time: a node may lag behind the one that took a
 * transaction, or fail to answer for a while.
 */
export async function chainShows(
  isSo: () => Promise<boolean>,
  timeoutMs: number,
  clock: Pick<Clock, 'sleep'>,
): Promise<boolean> {
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    if (await isSo().catch(() => false)) return true
    if (waitedMs >= timeoutMs) return false
    await clock.sleep(pollMs)
  }
}

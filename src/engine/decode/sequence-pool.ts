import { leastIdleBytes } from '../../domain/count-slots.ts'
import { RememberingSequence } from './remembering-sequence.ts'
import type { LanguageModel, Sequence } from './sequence.ts'

/** The end of an answer often comes back as other tokens. Whoever had to forget more is kept, and copied. */
const mostForgotten = 8

/** Waiting for another reader is worth it from so many tokens. */
const leastAwaited = 64

/** Keeps the sequences of the last answers, so that a prompt reads only what no text before it began with. */
export type SequencePool = {
  /**
   * Returns a sequence that holds nothing or a beginning of `promptIds`, never the whole. Waits while somebody
   * else reads much of the same prompt; no longer than until the signal aborts.
   */
  borrow(promptIds: readonly number[], signal?: AbortSignal): Promise<Sequence>
  giveBack(sequence: Sequence): void
}

/**
 * Returns an empty pool over a model.
 *
 * A conversation's next turn gets its own sequence back. A prompt that shares a beginning with other texts, such
 * as a system prompt, gets a copy of the longest, whether that text has ended or still grows: of prompts that
 * come at once, the first reads for all. Caches that nobody uses take at most `idleBytes`: one that takes more alone
 * is not kept, and of the others the least recently used goes first.
 */
export function createSequencePool(
  model: Pick<LanguageModel, 'openSequence'>,
  idleBytes = leastIdleBytes,
): SequencePool {
  const busy = new Set<RememberingSequence>()
  /** The latest first. */
  let idle: RememberingSequence[] = []

  const findReader = (wanted: readonly number[]): RememberingSequence | undefined => {
    const { common: known } = findLongest([...idle, ...busy], wanted)
    return [...busy].find((each) => {
      const { common, more } = each.expectCommon(wanted)
      // Not where the reader goes on for longer than its beginning would take.
      return common - known >= Math.max(leastAwaited, more)
    })
  }
  const take = (wanted: readonly number[]): RememberingSequence => {
    const { source, common } = findLongest([...idle, ...busy], wanted)
    if (source === null) return new RememberingSequence(model.openSequence())
    const isIdle = idle.includes(source)
    if (isIdle) idle = [source, ...idle.filter((each) => each !== source)]
    if (!isIdle || source.length - common > mostForgotten) return source.fork(common)
    source.truncate(common)
    return idle.shift()!
  }

  return {
    async borrow(promptIds, signal) {
      const wanted = promptIds.slice(0, -1)
      const reader = findReader(wanted)
      if (reader) await Promise.race([reader.whenRead(), whenAborted(signal)])
      const sequence = take(wanted)
      busy.add(sequence)
      return sequence
    },
    giveBack(sequence) {
      if (!(sequence instanceof RememberingSequence && busy.delete(sequence))) return
      if (sequence.cacheBytes > idleBytes) return sequence.close()
      idle.unshift(sequence)
      let bytes = 0
      const firstDropped = idle.findIndex(({ cacheBytes }) => (bytes += cacheBytes) > idleBytes)
      if (firstDropped >= 0) for (const dropped of idle.splice(firstDropped)) dropped.close()
    },
  }
}

function whenAborted(signal: AbortSignal | undefined): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve(undefined)
    signal?.addEventListener('abort', resolve, { once: true })
  })
}

/** Finds who shares the longest beginning; the first among equals, and nobody where nothing is shared. */
function findLongest(sequences: readonly RememberingSequence[], wanted: readonly number[]) {
  const longest: { source: RememberingSequence | null; common: number } = { source: null, common: 0 }
  for (const source of sequences) {
    const common = source.countCommon(wanted)
    if (common > longest.common) Object.assign(longest, { source, common })
  }
  return longest
}

import type { Clock } from '../../ports/index.ts'
import type { JobStream } from '../common/frames.ts'

/** Requesters bear twice as long a silence between tokens. */
const toldEveryMs = 15_000

/**
 * Tells a requester now and then that its job goes on while it gets nothing else: the engine brings its model back, rests to
 * keep to its share, or reads a long prompt. Returns what the work comes to.
 */
export async function keepPosted<value>(
  work: Promise<value>,
  stream: Pick<JobStream, 'write'>,
  clock: Clock,
): Promise<value> {
  const done = new AbortController()
  const tell = async () => {
    for (;;) {
      await clock.sleep(toldEveryMs, done.signal)
      await stream.write({ type: 'waiting' })
    }
  }
  // A stream that takes no more is noticed by whoever writes the result.
  tell().catch(() => {})
  try {
    return await work
  } finally {
    done.abort()
  }
}

import { ProtocolError, TransportError } from '../../errors/index.ts'
import type { Clock } from '../../ports/index.ts'
import type { ProviderFrame } from '../../protocol/infer-messages.ts'
import { limits } from '../../protocol/limits.ts'

/** Who says that a job goes on has to say so at least this often. */
const nextWordMs = 30_000
/** How much later than its silences allow the parts of a job may come in all, where its provider says that it goes on. */
const mostLateMs = 5 * 60_000

/** A frame that brings something. */
type Output = Exclude<ProviderFrame, { type: 'waiting' }>

/**
 * Returns what reads a job's next part, which may take `silenceMs`. A provider that says that the job goes on is given more
 * time, in all no more than five minutes for the job.
 *
 * The reader throws TransportError `transport/timeout` when the provider falls silent or puts off for too long, and
 * ProtocolError `protocol/unexpected-frame` when it says too often that it goes on.
 */
export function readPatiently(
  read: (timeoutMs: number) => Promise<ProviderFrame | null>,
  clock: Clock,
): (silenceMs: number) => Promise<Output | null> {
  let earlierMs = 0
  return async (silenceMs) => {
    const dueMs = clock.nowMs() + silenceMs
    const lateMs = () => earlierMs + Math.max(clock.nowMs() - dueMs, 0)
    let waitMs = silenceMs
    for (let words = 0; ; words++) {
      const frame = await read(waitMs)
      if (frame?.type !== 'waiting') {
        earlierMs = lateMs()
        return frame
      }
      if (words === limits.waitingFrames) throw tooOften()
      const atLeastMs = dueMs - clock.nowMs()
      if (atLeastMs <= 0 && lateMs() >= mostLateMs) throw tooLong()
      waitMs = Math.max(atLeastMs, Math.min(nextWordMs, atLeastMs + mostLateMs - earlierMs))
    }
  }
}

const tooOften = () =>
  new ProtocolError('protocol/unexpected-frame', 'The other side says too often that it goes on.')

const tooLong = () =>
  new TransportError('transport/timeout', 'The other side kept this tab waiting for too long.')

import { TransportError } from '../src/errors/index.ts'
import type { Clock, FrameStream } from '../src/ports/index.ts'

/** Writes a frame, and resets the stream of a reader that has not taken it after `timeoutMs`. */
export async function writeFrame(
  stream: FrameStream,
  frame: Uint8Array,
  timeoutMs: number,
  clock: Pick<Clock, 'sleep'>,
): Promise<void> {
  const written = new AbortController()
  void clock.sleep(timeoutMs, written.signal).then(
    () => stream.abort(new TransportError('transport/timeout', 'The other side reads too slowly.')),
    () => {},
  )
  try {
    await stream.write(frame)
  } finally {
    written.abort()
  }
}

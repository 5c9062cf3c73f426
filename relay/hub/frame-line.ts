import { ProtocolError, TransportError } from '../../src/errors/index.ts'
import type { Clock, FrameStream } from '../../src/ports/index.ts'
import { encodeFrame } from '../../src/protocol/frame-codec.ts'
import { within } from '../../src/roles/common/within.ts'
import { writeFrame } from '../write-frame.ts'

/** A reader that takes nothing for so long is cut, in milliseconds. */
const slowReaderMs = 10_000

/** Writes a message, and resets the stream of a reader that is too slow for it. */
export function writeMessage(stream: FrameStream, message: object, clock: Clock): Promise<void> {
  return writeFrame(stream, encodeFrame(message), slowReaderMs, clock)
}

/**
 * Returns the next frame, or null at the stream's end.
 * @throws TransportError `transport/timeout` when none comes in time
 */
export function readWithin(stream: FrameStream, timeoutMs: number, clock: Clock): Promise<Uint8Array | null> {
  return within(timeoutMs, stream.read(), fellSilent, clock)
}

/**
 * Returns the first frame of a line.
 * @throws ProtocolError `protocol/unexpected-frame` when there is none
 */
export async function readFirst(stream: FrameStream, timeoutMs: number, clock: Clock): Promise<Uint8Array> {
  const frame = await readWithin(stream, timeoutMs, clock)
  if (frame === null) throw new ProtocolError('protocol/unexpected-frame', 'The line ended before it began.')
  return frame
}

function fellSilent(): TransportError {
  return new TransportError('transport/timeout', 'The other side fell silent.')
}

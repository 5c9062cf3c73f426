import { ProtocolError, TransportError } from '../../errors/index.ts'
import type { Clock, FrameStream } from '../../ports/index.ts'
import { encodeFrame, parseFrame } from '../../protocol/frame-codec.ts'
import {
  type ProviderFrame,
  type RequesterFrame,
  providerFrameSchema,
  requesterFrameSchema,
} from '../../protocol/infer-messages.ts'
import { within } from './within.ts'

/** A stream of typed messages: checked on the way in, encoded on the way out. */
export interface MessageStream<incoming, outgoing> {
  /**
   * Returns the next message, or null when the other side has finished.
   * @throws ProtocolError for a malformed one, TransportError `transport/timeout` after `timeoutMs`
   */
  read(timeoutMs: number, signal?: AbortSignal): Promise<incoming | null>
  write(message: outgoing): Promise<void>
  close(): Promise<void>
  abort(error: Error): void
}

/** Returns a stream of messages over one of frames; `parse` throws for what its protocol does not allow. */
export function messageStream<incoming, outgoing>(
  stream: FrameStream,
  parse: (frame: Uint8Array) => incoming,
  clock: Clock,
): MessageStream<incoming, outgoing> {
  return {
    async read(timeoutMs, signal) {
      const frame = await within(timeoutMs, stream.read(signal), fellSilent, clock)
      return frame === null ? null : parse(frame)
    },
    write: (message) => stream.write(encodeFrame(message)),
    close: () => stream.close(),
    abort: (error) => stream.abort(error),
  }
}

const fellSilent = () => new TransportError('transport/timeout', 'The other side fell silent.')

/** The requester's end of a job's stream. */
export const requesterEnd = (
  stream: FrameStream,
  clock: Clock,
): MessageStream<ProviderFrame, RequesterFrame> =>
  messageStream(stream, (frame) => parseFrame(providerFrameSchema, frame), clock)

/** The provider's end of a job's stream. */
export type JobStream = MessageStream<RequesterFrame, ProviderFrame>

/** Returns the provider's end of a job's stream. */
export const providerEnd = (stream: FrameStream, clock: Clock): JobStream =>
  messageStream(stream, (frame) => parseFrame(requesterFrameSchema, frame), clock)

/**
 * Returns the message if it is of one of these types.
 * @throws ProtocolError `protocol/unexpected-frame` otherwise, also at the stream's end
 */
export function expectFrame<frame extends { type: string }, const type extends frame['type']>(
  frame: frame | null,
  ...types: type[]
): Extract<frame, { type: type }> {
  if (frame !== null && (types as string[]).includes(frame.type))
    return frame as Extract<frame, { type: type }>
  const got = frame === null ? 'the end of the stream' : `"${frame.type}"`
  throw new ProtocolError('protocol/unexpected-frame', `The other side sent ${got} out of turn.`)
}

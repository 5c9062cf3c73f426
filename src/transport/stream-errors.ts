import { BaseError, ProtocolError, TransportError } from '../errors/index.ts'
import type { ProtocolSpec } from '../protocol/protocols.ts'

/** Returns why a wait was given up: the caller's own error, a timeout, or a plain cancel. */
export function abortedWait(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  if (reason instanceof BaseError) return reason
  if (reason instanceof DOMException && reason.name === 'TimeoutError') {
    return new TransportError('transport/timeout', 'The other tab took too long.', { cause: reason })
  }
  return new TransportError('transport/closed', 'The wait was given up.', { cause: reason })
}

/** Returns the error that a locally aborted stream gives from then on. */
export function abortedStream(error: Error): Error {
  if (error instanceof BaseError) return error
  return new TransportError('transport/closed', 'The stream was aborted.', { cause: error })
}

/** Returns the error of a tab that has not started, or has stopped. */
export function offline(): TransportError {
  return new TransportError('transport/closed', 'This tab is offline.')
}

/** Returns the error of a tab that no relay connects. */
export function noRelay(cause?: unknown): TransportError {
  return new TransportError('transport/no-relay', 'No relay can be reached.', { cause })
}

/** Returns the error for a tab that cannot be dialled. */
export function unreachable(cause?: unknown): TransportError {
  return new TransportError('transport/peer-unreachable', 'The other tab cannot be reached.', { cause })
}

/** Returns the error of a stream that broke, or that the other side reset. */
export function streamReset(cause?: unknown): TransportError {
  return new TransportError('transport/stream-reset', 'The other tab broke off the connection.', { cause })
}

/** Returns the error of a write after `close`. */
export function writingFinished(): TransportError {
  return new TransportError('transport/closed', 'Writing to this stream has been finished.')
}

/** @throws ProtocolError `protocol/too-large`, our own fault: the other side would reset the stream */
export function checkFrameBytes(frame: Uint8Array, protocol: ProtocolSpec): void {
  if (frame.byteLength <= protocol.maxFrameBytes) return
  throw new ProtocolError('protocol/too-large', 'The message is larger than the protocol allows.', {
    details: `${frame.byteLength} of at most ${protocol.maxFrameBytes} bytes for ${protocol.id}`,
    fault: 'self',
  })
}

/** Returns the error for a protocol that the other tab does not answer. */
export function unansweredProtocol(protocol: ProtocolSpec): ProtocolError {
  return new ProtocolError(
    'protocol/unsupported-version',
    'The other tab speaks another version of Opentab.',
    {
      details: `It does not answer ${protocol.id}.`,
    },
  )
}

/** Returns the error of an open beyond the quota. */
export function tooManyStreams(cause: unknown): ProtocolError {
  return new ProtocolError('protocol/rate-limited', 'Too many streams are open to the other tab.', { cause })
}

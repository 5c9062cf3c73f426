import { RelayError } from '../src/errors/index.ts'

/** Returns what went wrong while listening, with the way out. */
export function toListenError(cause: unknown, flag: string, port: number): RelayError {
  if (mentions(cause, 'EADDRINUSE')) {
    return new RelayError('relay/port-in-use', `Port ${port} is in use. Choose another with ${flag}.`, {
      cause,
    })
  }
  const details = cause instanceof Error ? cause.message : String(cause)
  return new RelayError('relay/not-started', `The relay cannot listen on port ${port}.`, { cause, details })
}

/** libp2p wraps the system's error, or tells it only in its message. */
function mentions(error: unknown, code: string): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && error.code === code) return true
  const inner = error instanceof AggregateError ? error.errors : []
  return error.message.includes(code) || [error.cause, ...inner].some((cause) => mentions(cause, code))
}

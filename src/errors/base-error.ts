/** Whose doing an error is. Decides refund and reputation. */
export type Fault = 'self' | 'peer' | 'user' | 'chain'

/** `family/what-happened`, such as `engine/device-lost`. */
export type ErrorCode = `${string}/${string}`

/** What an error code always implies, unless the place that throws knows better. */
export type ErrorTraits = { fault: Fault; retryable: boolean }

/** What the place that throws may add. */
export type ErrorOptions = {
  /** Extra facts for whoever debugs; never crosses to a peer. */
  details?: string
  cause?: unknown
  fault?: Fault
  retryable?: boolean
}

/** The only part of an error that crosses to a peer. */
export type PeerError = { code: ErrorCode; shortMessage: string }

/** Root of every error that Opentab throws on purpose. */
export class BaseError<code extends ErrorCode = ErrorCode> extends Error {
  override name = 'BaseError'
  readonly code: code
  /** One sentence for a person: what happened. */
  readonly shortMessage: string
  readonly details: string | undefined
  readonly fault: Fault
  /** Whether the same call may succeed when made again. */
  readonly retryable: boolean

  constructor(code: code, shortMessage: string, traits: ErrorTraits, options: ErrorOptions = {}) {
    super([shortMessage, options.details].filter(Boolean).join('\n'), { cause: options.cause })
    this.code = code
    this.shortMessage = shortMessage
    this.details = options.details
    this.fault = options.fault ?? traits.fault
    this.retryable = options.retryable ?? traits.retryable
  }

  toPeer(): PeerError {
    return { code: this.code, shortMessage: this.shortMessage }
  }
}

/** Returns what a peer may know of any thrown value; `fallback` stands for what was not thrown on purpose. */
export function toPeerError(error: unknown, fallback: PeerError): PeerError {
  return error instanceof BaseError ? error.toPeer() : fallback
}

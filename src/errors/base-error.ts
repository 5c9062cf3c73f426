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
  docsPath?: string
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
  readonly docsPath: string | undefined
  readonly fault: Fault
  /** Whether the same call may succeed when made again. */
  readonly retryable: boolean

  constructor(code: code, shortMessage: string, traits: ErrorTraits, options: ErrorOptions = {}) {
    super([shortMessage, options.details].filter(Boolean).join('\n'), { cause: options.cause })
    this.code = code
    this.shortMessage = shortMessage
    this.details = options.details
    this.docsPath = options.docsPath
    this.fault = options.fault ?? traits.fault
    this.retryable = options.retryable ?? traits.retryable
  }

  /**
   * Returns the first error in the chain of causes that satisfies `matches`,
   * or the deepest error when no test is given.
   */
  walk(matches?: (error: unknown) => boolean): unknown {
    let current: unknown = this
    while (true) {
      if (matches?.(current)) return current
      const cause = current instanceof Error ? current.cause : undefined
      if (cause === undefined || cause === null) return matches ? null : current
      current = cause
    }
  }

  toPeer(): PeerError {
    return { code: this.code, shortMessage: this.shortMessage }
  }
}

/** Returns what a peer may know of any thrown value; `fallback` stands for what was not thrown on purpose. */
export function toPeerError(error: unknown, fallback: PeerError): PeerError {
  return error instanceof BaseError ? error.toPeer() : fallback
}

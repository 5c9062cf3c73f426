import { BaseError, type ErrorOptions, type ErrorTraits } from './base-error.ts'

const traits = {
  'transport/no-relay': { fault: 'self', retryable: true },
  'transport/peer-unreachable': { fault: 'peer', retryable: true },
  'transport/not-direct': { fault: 'peer', retryable: true },
  'transport/stream-reset': { fault: 'peer', retryable: true },
  'transport/timeout': { fault: 'peer', retryable: true },
  'transport/closed': { fault: 'self', retryable: true },
} as const satisfies Record<string, ErrorTraits>

/** Codes of `TransportError`. */
export type TransportErrorCode = keyof typeof traits

/** What goes wrong with links, streams and relays. */
export class TransportError extends BaseError<TransportErrorCode> {
  override name = 'TransportError'

  constructor(code: TransportErrorCode, shortMessage: string, options?: ErrorOptions) {
    super(code, shortMessage, traits[code], options)
  }
}

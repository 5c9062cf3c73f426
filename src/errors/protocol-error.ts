import { BaseError, type ErrorOptions, type ErrorTraits } from './base-error.ts'

const traits = {
  'protocol/malformed': { fault: 'peer', retryable: false },
  'protocol/too-large': { fault: 'peer', retryable: false },
  'protocol/unexpected-frame': { fault: 'peer', retryable: false },
  'protocol/unsupported-version': { fault: 'peer', retryable: false },
  'protocol/rate-limited': { fault: 'self', retryable: true },
} as const satisfies Record<string, ErrorTraits>

/** Codes of `ProtocolError`. */
export type ProtocolErrorCode = keyof typeof traits

/** A frame that breaks a protocol. */
export class ProtocolError extends BaseError<ProtocolErrorCode> {
  override name = 'ProtocolError'

  constructor(code: ProtocolErrorCode, shortMessage: string, options?: ErrorOptions) {
    super(code, shortMessage, traits[code], options)
  }
}

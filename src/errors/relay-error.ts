import { BaseError, type ErrorOptions, type ErrorTraits } from './base-error.ts'

const traits = {
  'relay/port-in-use': { fault: 'user', retryable: false },
  'relay/invalid-option': { fault: 'user', retryable: false },
  'relay/data-unwritable': { fault: 'user', retryable: false },
  /** A hub on a chain with real money, and no key for it. */
  'relay/hub-key-missing': { fault: 'user', retryable: false },
  /** A key that is none, or that everybody knows. */
  'relay/hub-key-refused': { fault: 'user', retryable: false },
  'relay/not-started': { fault: 'self', retryable: true },
} as const satisfies Record<string, ErrorTraits>

/** Codes of `RelayError`. */
export type RelayErrorCode = keyof typeof traits

/** Why a relay does not start. */
export class RelayError extends BaseError<RelayErrorCode> {
  override name = 'RelayError'

  constructor(code: RelayErrorCode, shortMessage: string, options?: ErrorOptions) {
    super(code, shortMessage, traits[code], options)
  }
}

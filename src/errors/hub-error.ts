import { BaseError, type ErrorOptions, type ErrorTraits } from './base-error.ts'

const traits = {
  /** The provider has no line to this hub now. */
  'hub/provider-away': { fault: 'peer', retryable: true },
  /** The requester's channel does not cover the job and what else is open on it. */
  'hub/underfunded': { fault: 'user', retryable: false },
  /** The hub itself has too little to pay the provider from. */
  'hub/out-of-funds': { fault: 'peer', retryable: true },
  'hub/job-refused': { fault: 'peer', retryable: false },
  'hub/spread-changed': { fault: 'peer', retryable: true },
  'hub/session-over': { fault: 'user', retryable: false },
  'hub/fee-too-low': { fault: 'peer', retryable: true },
  'hub/unpaid': { fault: 'peer', retryable: false },
  'hub/withdrawing': { fault: 'user', retryable: false },
  'hub/unreachable': { fault: 'peer', retryable: true },
} as const satisfies Record<string, ErrorTraits>

/** Codes of `HubError`. */
export type HubErrorCode = keyof typeof traits

/** Why a hub does not forward, pay or send something. */
export class HubError extends BaseError<HubErrorCode> {
  override name = 'HubError'

  constructor(code: HubErrorCode, shortMessage: string, options?: ErrorOptions) {
    super(code, shortMessage, traits[code], options)
  }
}

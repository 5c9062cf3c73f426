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
  /** It took its fee, and the chain does not show what it was for. */
  'hub/fee-taken': { fault: 'peer', retryable: false },
  /** More than a sponsored transaction can plausibly cost. */
  'hub/fee-too-high': { fault: 'peer', retryable: false },
  'hub/unpaid': { fault: 'peer', retryable: false },
  'hub/withdrawing': { fault: 'user', retryable: false },
  /** It sends as many transactions as it lets others pay for now. */
  'hub/busy': { fault: 'peer', retryable: true },
  /** Its account has too little of the chain's native coin. */
  'hub/out-of-gas': { fault: 'peer', retryable: true },
  /** Signed too long ago, or by a clock that is wrong. */
  'hub/stale-request': { fault: 'user', retryable: true },
  /** Something to send that is not this hub's business, or would not pass. */
  'hub/request-refused': { fault: 'user', retryable: false },
  /** Nothing was handed to it. */
  'hub/unreachable': { fault: 'peer', retryable: true },
  /** It was handed something for the chain and fell silent: only the chain tells what became of it. */
  'hub/no-answer': { fault: 'chain', retryable: true },
  /** Refused for a reason of its own; the details name it. */
  'hub/refused': { fault: 'peer', retryable: false },
  /** Its terms are unsigned, or not those of the network or the offer. */
  'hub/bad-terms': { fault: 'peer', retryable: false },
} as const satisfies Record<string, ErrorTraits>

/** Codes of `HubError`. */
export type HubErrorCode = keyof typeof traits

/** Whether a code that a hub sent is one of this family. */
export function isHubErrorCode(code: string): code is HubErrorCode {
  return Object.hasOwn(traits, code)
}

/** Why a hub does not forward, pay or send something. */
export class HubError extends BaseError<HubErrorCode> {
  override name = 'HubError'

  constructor(code: HubErrorCode, shortMessage: string, options?: ErrorOptions) {
    super(code, shortMessage, traits[code], options)
  }
}

import { BaseError, type ErrorOptions, type ErrorTraits } from './base-error.ts'

const traits = {
  'ledger/voucher-replayed': { fault: 'peer', retryable: false },
  'ledger/voucher-foreign': { fault: 'peer', retryable: false },
  'ledger/bad-signature': { fault: 'peer', retryable: false },
  'ledger/over-balance': { fault: 'user', retryable: false },
  'ledger/bad-channel': { fault: 'peer', retryable: false },
  'ledger/bad-receipt': { fault: 'peer', retryable: false },
  'ledger/overcharged': { fault: 'peer', retryable: false },
  'ledger/session-over': { fault: 'user', retryable: false },
  /** A payment for a job that no voucher covers. */
  'ledger/unattributed': { fault: 'peer', retryable: false },
  /** A hub's voucher to a provider that does not follow the last one. */
  'ledger/out-of-step': { fault: 'self', retryable: true },
  /** Typed by a person. */
  'ledger/bad-address': { fault: 'user', retryable: false },
  'ledger/bad-amount': { fault: 'user', retryable: false },
  'ledger/expired-offer': { fault: 'peer', retryable: true },
} as const satisfies Record<string, ErrorTraits>

/** Codes of `LedgerError`. */
export type LedgerErrorCode = keyof typeof traits

/** What is wrong with a channel, voucher, job, offer or receipt. */
export class LedgerError extends BaseError<LedgerErrorCode> {
  override name = 'LedgerError'

  constructor(code: LedgerErrorCode, shortMessage: string, options?: ErrorOptions) {
    super(code, shortMessage, traits[code], options)
  }
}

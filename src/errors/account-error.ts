import { BaseError, type ErrorOptions, type ErrorTraits } from './base-error.ts'

const traits = {
  'account/wrong-passphrase': { fault: 'user', retryable: true },
  'account/weak-passphrase': { fault: 'user', retryable: true },
  'account/passkey-unsupported': { fault: 'user', retryable: false },
  'account/passkey-declined': { fault: 'user', retryable: true },
  'account/malformed-backup': { fault: 'user', retryable: false },
  'account/malformed-key': { fault: 'user', retryable: false },
  'account/changed-meanwhile': { fault: 'self', retryable: true },
  'account/not-found': { fault: 'self', retryable: false },
  'account/in-use': { fault: 'user', retryable: true },
} as const satisfies Record<string, ErrorTraits>

/** Codes of `AccountError`. */
export type AccountErrorCode = keyof typeof traits

/** What goes wrong with the accounts that this browser keeps, and with their backups. */
export class AccountError extends BaseError<AccountErrorCode> {
  override name = 'AccountError'

  constructor(code: AccountErrorCode, shortMessage: string, options?: ErrorOptions) {
    super(code, shortMessage, traits[code], options)
  }
}

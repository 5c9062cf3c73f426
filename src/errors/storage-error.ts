import { BaseError, type ErrorOptions, type ErrorTraits } from './base-error.ts'

const traits = {
  'storage/quota': { fault: 'self', retryable: false },
  'storage/unavailable': { fault: 'self', retryable: false },
  'storage/hash-mismatch': { fault: 'peer', retryable: true },
  'storage/not-found': { fault: 'self', retryable: true },
  'storage/source-failed': { fault: 'peer', retryable: true },
  'storage/corrupt': { fault: 'self', retryable: true },
  'storage/malformed-manifest': { fault: 'peer', retryable: false },
  'storage/cancelled': { fault: 'user', retryable: true },
} as const satisfies Record<string, ErrorTraits>

/** Codes of `StorageError`. */
export type StorageErrorCode = keyof typeof traits

/** What goes wrong with what the browser keeps, and with a model's bytes. */
export class StorageError extends BaseError<StorageErrorCode> {
  override name = 'StorageError'

  constructor(code: StorageErrorCode, shortMessage: string, options?: ErrorOptions) {
    super(code, shortMessage, traits[code], options)
  }
}

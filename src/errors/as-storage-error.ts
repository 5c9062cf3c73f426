import { BaseError } from './base-error.ts'
import { StorageError } from './storage-error.ts'

/** Returns what the browser's storage (IndexedDB, private files) threw as a typed error. */
export function asStorageError(error: unknown): BaseError {
  if (error instanceof BaseError) return error
  const name = error instanceof Error ? error.name : ''
  if (name === 'QuotaExceededError') {
    return new StorageError('storage/quota', 'This browser has no room left for what this page keeps.', {
      cause: error,
    })
  }
  if (name === 'VersionError') {
    return new StorageError('storage/unavailable', 'A newer version of this page is open: reload this tab.', {
      cause: error,
    })
  }
  return new StorageError('storage/unavailable', 'This browser does not let the page keep data.', {
    cause: error,
    details: String(error),
  })
}

import { BaseError, StorageError } from '../../../src/errors/index.ts'

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const sqlite = { busy: 5, locked: 6, corrupt: 11, full: 13, notADatabase: 26 } as const

/** Returns what a hub's database threw as a typed error. */
export function asDatabaseError(error: unknown, path: string): BaseError {
  if (error instanceof BaseError) return error
  const options = {
    cause: error,
    details: `${path}: ${error instanceof Error ? error.message : String(error)}`,
  }
  switch (resultCode(error)) {
    case sqlite.full:
      return new StorageError('storage/quota', "The disk has no room left for the hub's books.", options)
    case sqlite.busy:
    case sqlite.locked:
      return new StorageError('storage/unavailable', "Another relay has the hub's books open.", options)
    case sqlite.corrupt:
    case sqlite.notADatabase:
      return corruptBooks(options)
    default:
      return new StorageError('storage/unavailable', "The hub's books cannot be read or written.", options)
  }
}

/** Whether SQLite threw because another connection has the database for itself. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error)
  return code === sqlite.busy || code === sqlite.locked
}

/** Returns the error for books that are damaged; they are never mended by guessing. */
export function corruptBooks(options: { details: string; cause?: unknown }): StorageError {
  return new StorageError('storage/corrupt', "The hub's books are damaged. They were left as they are.", {
    ...options,
    retryable: false,
  })
}

function resultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null
  // The lowest byte is the primary code; extended codes add to it.
  return error.errcode & 0xff
}

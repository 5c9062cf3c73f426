import { expect, test } from 'vitest'
import { asStorageError } from './as-storage-error.ts'
import { StorageError } from './storage-error.ts'

test.each([
  ['QuotaExceededError', 'storage/quota'],
  ['VersionError', 'storage/unavailable'],
  ['SecurityError', 'storage/unavailable'],
])('takes %s for %s and keeps the cause', (name, code) => {
  const cause = new DOMException('as the browser says', name)
  expect(asStorageError(cause)).toMatchObject({ code, cause })
})

test('leaves typed errors as they are', () => {
  const error = new StorageError('storage/not-found', 'Nothing is here.')
  expect(asStorageError(error)).toBe(error)
})

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openSyncFile, type SyncFile } from './sync-file.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A folder whose file opens when it is told to, and whether that was closed. */
function openFolder() {
  const opening = Promise.withResolvers<SyncFile>()
  const close = vi.fn<() => void>()
  const file = { close } as unknown as SyncFile
  const createSyncAccessHandle = () => opening.promise
  const folder = { getFileHandle: async () => ({ createSyncAccessHandle }) }
  return { folder: folder as unknown as FileSystemDirectoryHandle, opening, file, close }
}

test('a file that opens stays open', async () => {
  const { folder, opening, file, close } = openFolder()
  const opened = openSyncFile(folder, 'weights.bin', 'readwrite')
  await vi.advanceTimersByTimeAsync(9_000)
  opening.resolve(file)
  expect(await opened).toBe(file)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(close).not.toHaveBeenCalled()
})

test('a file that does not open is given up, and closed should it open later', async () => {
  const { folder, opening, file, close } = openFolder()
  const opened = openSyncFile(folder, 'weights.bin', 'readwrite')
  const failure = opened.catch(String)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await failure).toContain('does not open')
  opening.resolve(file)
  await vi.advanceTimersByTimeAsync(0)
  expect(close).toHaveBeenCalledOnce()
})

test('a file that another tab holds fails at once', async () => {
  const { folder, opening } = openFolder()
  opening.reject(new DOMException('Another tab writes it.', 'NoModificationAllowedError'))
  await expect(openSyncFile(folder, 'weights.bin', 'read-only')).rejects.toThrow('Another tab')
})

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { hashPiece } from './hash-piece.ts'
import { openInPlace, type PrivateFile, type SyncFile } from './private-file.ts'
import { sha256 } from './sha256.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const content = new TextEncoder().encode('a piece')

/** A file that opens when it is told to, and whether it was closed. */
function oneFile() {
  const opening = Promise.withResolvers<SyncFile>()
  const close = vi.fn<() => void>()
  const handle = {
    createSyncAccessHandle: () => opening.promise,
    getFile: async () => new Blob([content]),
  } as unknown as PrivateFile
  return { handle, opening, file: { close } as unknown as SyncFile, close }
}

test('a file that opens stays open', async () => {
  const { handle, opening, file, close } = oneFile()
  const opened = openInPlace(handle)
  opening.resolve(file)
  expect(await opened).toBe(file)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(close).not.toHaveBeenCalled()
})

test('a file that does not open is given up, and closed should it open later', async () => {
  const { handle, opening, file, close } = oneFile()
  const failure = openInPlace(handle).catch(({ name }: DOMException) => name)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await failure).toBe('InvalidStateError')
  opening.resolve(file)
  await vi.advanceTimersByTimeAsync(0)
  expect(close).toHaveBeenCalledOnce()
})

test('a piece that does not open in place is hashed all the same', async () => {
  const { handle } = oneFile()
  const folder = { getFileHandle: async () => handle } as unknown as FileSystemDirectoryHandle
  const hash = hashPiece(folder, 'piece')
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await hash).toBe(await sha256(content))
})

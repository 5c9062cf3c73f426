import { afterEach, expect, test, vi } from 'vitest'
import { originPreparedStore } from './prepared-store.ts'

afterEach(() => void vi.unstubAllGlobals())

test('weights that have no room on the disk are kept in memory, and their file is let go', async () => {
  const close = vi.fn<() => void>()
  const truncate = () => {
    throw new DOMException('The disk is full.', 'QuotaExceededError')
  }
  const folder = {
    getDirectoryHandle: async () => folder,
    getFileHandle: async () => ({ createSyncAccessHandle: async () => ({ truncate, close }) }),
    removeEntry: async () => {},
    entries: async function* () {},
  }
  vi.stubGlobal('navigator', { storage: { getDirectory: async () => folder } })
  const weights = await originPreparedStore.create('model-recipe', 4)
  expect(close).toHaveBeenCalledOnce()
  weights.write(Uint8Array.of(1, 2), 2)
  expect([...weights.read(0, 4)]).toEqual([0, 0, 1, 2])
})

import { expect, test } from 'vitest'
import { ManualClock } from '../../../src/device/manual-clock.ts'
import { StorageError } from '../../../src/errors/index.ts'
import { backUpBooks } from './back-up-books.ts'
import type { HubBooks } from './sqlite-hub-store.ts'

const quarterMs = 15 * 60_000

test('it tells of each copy that fails, and of the first good one after it', async () => {
  const clock = new ManualClock()
  const events: string[] = []
  const log = (event: string) => void events.push(event)
  let isFull = true
  const copyTo = async () => {
    events.push('copied')
    if (isFull) throw new StorageError('storage/quota', 'Full.')
  }
  const over = new AbortController()
  const backingUp = backUpBooks(
    { books: { copyTo } as unknown as HubBooks, file: 'copy', clock, log },
    over.signal,
  )
  await clock.advance(quarterMs)
  isFull = false
  await clock.advance(2 * quarterMs)
  over.abort()
  await backingUp
  const failed = ['copied', 'hub-backup-failed']
  expect(events).toEqual([...failed, ...failed, 'copied', 'hub-backup-mended', 'copied', 'copied'])
})

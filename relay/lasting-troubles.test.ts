import { expect, test } from 'vitest'
import { LastingTroubles } from './lasting-troubles.ts'

test('a task that failed is failing until it is mended, and since when it did first', () => {
  const events: string[] = []
  const { log, failing } = open(events)
  log('hub-backup-failed', { code: 'storage/quota' })
  const first = failing().backup
  expect(first).toMatchObject({ code: 'storage/quota', sinceMs: expect.any(Number) })
  log('hub-backup-failed', { code: 'storage/unavailable' })
  log('hub-books-mended')
  expect(failing()).toEqual({
    books: null,
    backup: { ...first, code: 'storage/unavailable' },
    claim: null,
  })
  log('hub-backup-mended')
  expect(failing().backup).toBeNull()
  expect(events).toHaveLength(4)
})

test('what peers provoke fails no task', () => {
  const { log, failing } = open([])
  log('hub-payment-refused', { code: 'ledger/overcharged' })
  log('hub-deposit-failed', { code: 'hub/busy' })
  expect(failing()).toEqual({ books: null, backup: null, claim: null })
})

function open(events: string[]) {
  const troubles = new LastingTroubles((event) => void events.push(event))
  return { log: troubles.log, failing: () => troubles.failing() }
}

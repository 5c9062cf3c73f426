import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { unknownChannel } from '../../../src/storage/raise-channel.ts'
import { HubDatabase } from './hub-database.ts'

let directory: string
let database: HubDatabase
let events: string[]
let isFull: boolean

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opentab-hub-database-'))
  events = []
  isFull = false
  const log = (event: string) => void events.push(event)
  database = new HubDatabase(join(directory, 'hub.sqlite'), { log })
  const exec = database.sqlite.exec.bind(database.sqlite)
  // What changes nothing is not written, so a full disk does not keep it.
  vi.spyOn(database.sqlite, 'exec').mockImplementation((sql) => {
    if (isFull && /^(UPDATE|PRAGMA user_version =)/.test(sql)) throw diskFull()
    exec(sql)
  })
})

afterEach(async () => {
  database.close()
  await rm(directory, { recursive: true })
})

const change = () => database.write(() => database.sqlite.exec('UPDATE totals SET jobs = jobs + 1'))
const changeNothing = () => database.write(() => {})
const quota = expect.objectContaining({ code: 'storage/quota' })

test('a full disk is told once, and its end once something has really been written', () => {
  isFull = true
  changeNothing()
  expect(events).toEqual([])
  for (let time = 0; time < 3; time++) expect(change).toThrow(quota)
  expect(changeNothing).toThrow(quota)
  expect(events).toEqual(['hub-books-failed'])
  isFull = false
  changeNothing()
  change()
  expect(events).toEqual(['hub-books-failed', 'hub-books-mended'])
})

test('what somebody asks in vain is no trouble of the disk', () => {
  const ask = () => {
    throw unknownChannel('0x00')
  }
  expect(() => database.write(ask)).toThrow(expect.objectContaining({ code: 'storage/not-found' }))
  expect(events).toEqual([])
})

test('books that are closed tell nothing more', () => {
  database.close()
  expect(change).toThrow(expect.objectContaining({ code: 'storage/unavailable' }))
  expect(events).toEqual([])
})

/** What SQLite throws then (sqlite.org/rescode.html). */
function diskFull(): Error {
  return Object.assign(new Error('database or disk is full'), { errcode: 13 })
}

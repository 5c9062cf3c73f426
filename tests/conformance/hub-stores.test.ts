import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, test } from 'vitest'
import type { HubStore } from '../../relay/hub/books/hub-store.ts'
import { MemoryHubStore } from '../../relay/hub/books/memory-hub-store.ts'
import { openSqliteHubStore } from '../../relay/hub/books/sqlite-hub-store.ts'
import { hubStoreCases } from './hub-store.ts'
import { hubStoreUpkeepCases } from './hub-store-upkeep.ts'
import { voucherStoreCases } from './voucher-store.ts'

const cases = [...voucherStoreCases, ...hubStoreCases, ...hubStoreUpkeepCases]
const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

describe("a hub's books in memory", () => {
  test.each(cases)('$name', async ({ run }) => {
    const store = new MemoryHubStore()
    await run({ open: async () => store })
  })
})

describe("a hub's books in SQLite", () => {
  test.each(cases)('$name', async ({ run }) => {
    const store = await openInTemporaryFile()
    await run({ open: async () => store })
  })
})

async function openInTemporaryFile(): Promise<HubStore> {
  const directory = await mkdtemp(join(tmpdir(), 'opentab-hub-'))
  cleanups.push(() => rm(directory, { recursive: true }))
  const store = openSqliteHubStore(join(directory, 'hub.sqlite'))
  cleanups.push(() => store.close())
  return store
}

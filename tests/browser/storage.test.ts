import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { documentStoreCases } from '../conformance/document-store.ts'
import { voucherStoreCases } from '../conformance/voucher-store.ts'
import { voucherOf } from '../fixtures/channel.ts'
import { moduleIn, openHarness, type Harness } from './harness.ts'

let harness: Harness
let page: Page

beforeAll(async () => {
  harness = await openHarness()
  page = await harness.openPage()
})
afterAll(() => harness?.close())

const storage = (on = page) =>
  moduleIn<typeof import('./storage-page.ts')>(on, 'tests/browser/storage-page.ts')
const numbered = (cases: { name: string }[]) => cases.map(({ name }, index) => ({ name, index }))

describe('vouchers in IndexedDB', () => {
  test.each(numbered(voucherStoreCases))('$name', ({ index }) => storage().call('runVoucherCase', index))

  test('survive two pages that raise at once, and a reload', async () => {
    const other = await harness.openPage()
    await storage().call('addChannel', 'race')
    await Promise.all([
      storage().call('raiseMany', 'race', 0, 60),
      storage(other).call('raiseMany', 'race', 1, 60),
    ])
    await other.close()
    const reloaded = await harness.openPage()
    const record = await storage(reloaded).call('readChannel', 'race')
    expect(record?.voucher).toEqual(voucherOf('01', 59n))
    await reloaded.close()
  })
})

describe('documents in IndexedDB', () => {
  test.each(numbered(documentStoreCases))('$name', ({ index }) => storage().call('runDocumentCase', index))

  test('a newer page upgrades while an older one is open, which then asks for a reload', async () => {
    const newer = await harness.openPage()
    await storage().call('putNote', 'upgrade', 'kept')
    expect(await storage(newer).call('upgrade', 'upgrade')).toEqual(['kept'])
    await expect(storage().call('readNote')).rejects.toMatchObject({
      code: 'storage/unavailable',
      shortMessage: expect.stringContaining('reload'),
    })
    await newer.close()
  })

  test('an older page that does not let go is named after a while', async () => {
    const older = await harness.openPage()
    await storage(older).call('holdForEver', 'held')
    await expect(storage().call('upgrade', 'held')).rejects.toMatchObject({
      code: 'storage/unavailable',
      shortMessage: expect.stringContaining('Close it'),
      retryable: true,
    })
    await older.close()
  })

  test('a full disk is a quota error', async () => {
    // A browser remembers for a while how much room there was, so this one is new.
    const context = await harness.newContext()
    const full = await harness.openPage(context)
    const session = await context.newCDPSession(full)
    await session.send('Storage.overrideQuotaForOrigin', { origin: harness.url, quotaSize: 100_000 })
    await expect(storage(full).call('putBytes', 'full', 2_000_000)).rejects.toMatchObject({
      code: 'storage/quota',
    })
    await context.close()
  })
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { launchProfile } from '../../tools/find-browser.ts'
import { documentStoreCases } from '../conformance/document-store.ts'
import { earningStoreCases } from '../conformance/voucher-store.ts'
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
  test.each(numbered(earningStoreCases))('$name', ({ index }) => storage().call('runVoucherCase', index))

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

describe('a browser that crashes', () => {
  let profile: string
  beforeAll(async () => (profile = await mkdtemp(join(tmpdir(), 'opentab-profile-'))))
  afterAll(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }))

  test('still has the voucher that it said it kept', async () => {
    const crashing = await launchProfile(profile)
    const before = await harness.openPage(crashing)
    await storage(before).call('addChannel', 'crash')
    await storage(before).call('raiseMany', 'crash', 1, 20)
    const session = await crashing.newCDPSession(before)
    const gone = new Promise((resolve) => crashing.once('close', resolve))
    session.send('Browser.crash').catch(() => undefined)
    await gone
    const restarted = await launchProfile(profile)
    const record = await storage(await harness.openPage(restarted)).call('readChannel', 'crash')
    expect(record?.voucher).toEqual(voucherOf('01', 19n))
    await restarted.close()
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

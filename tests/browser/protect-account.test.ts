import type { BrowserContext, CDPSession, Page } from 'playwright-core'
import { recoverTypedDataAddress } from 'viem'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Hex } from '../../src/domain/bytes.ts'
import { settlementDomain, voucherTypes } from '../../src/domain/settlement-types.ts'
import { network } from '../fixtures/jobs.ts'
import { type Harness, moduleIn, openHarness } from './harness.ts'

const passphrase = 'correct horse battery'
const data = {
  domain: settlementDomain(network),
  types: voucherTypes,
  primaryType: 'Voucher' as const,
  message: { channelId: `0x${'11'.repeat(32)}`, maxClaimableAmount: 5n } as const,
}

let harness: Harness
let context: BrowserContext

beforeAll(async () => {
  harness = await openHarness()
})

afterAll(() => harness?.close())

beforeEach(async () => {
  context = await harness.newContext()
})

afterEach(() => context.close())

const accountsIn = (page: Page) =>
  moduleIn<typeof import('./accounts-page.ts')>(page, 'tests/browser/accounts-page.ts')

/** A tab of this browser with its accounts open. Passkeys need a host name. */
async function openTab() {
  const page = await harness.openPage(context)
  await page.goto(page.url().replace('127.0.0.1', 'localhost'))
  await page.waitForFunction(() => 'callExport' in globalThis)
  const accounts = accountsIn(page)
  return { page, accounts, first: await accounts.call('open', network) }
}

const signerOf = (signature: string) => recoverTypedDataAddress({ ...data, signature: signature as Hex })

describe('a passphrase', () => {
  test('locks the account for later tabs, and opens it once in each', async () => {
    const { accounts, first } = await openTab()
    expect(first.local).toMatchObject({ protection: 'browser', isLocked: false, backedUpAtMs: null })
    const { address } = first.local
    await accounts.call('protect', { to: 'passphrase', passphrase })
    expect((await accounts.call('view')).local).toEqual({ ...first.local, protection: 'passphrase' })

    const later = await openTab()
    expect(later.first.local).toMatchObject({ address, protection: 'passphrase', isLocked: true })
    await expect(later.accounts.call('unlock', 'wrong horse battery')).rejects.toMatchObject({
      code: 'account/wrong-passphrase',
    })
    expect((await later.accounts.call('view')).local.isLocked).toBe(true)
    await later.accounts.call('unlock', passphrase)
    expect(await signerOf(await later.accounts.call('sign', data))).toBe(address)
    expect(await signerOf(await later.accounts.call('sign', data))).toBe(address)

    await later.accounts.call('lock')
    expect((await later.accounts.call('view')).local.isLocked).toBe(true)
  })

  test('is waited for by whatever signs, and may be refused', async () => {
    const { accounts, first } = await openTab()
    await accounts.call('protect', { to: 'passphrase', passphrase })
    await accounts.call('lock')
    await expect(accounts.call('signWhileLocked', data, null)).rejects.toMatchObject({
      code: 'chain/user-rejected',
    })
    expect((await accounts.call('view')).wanted).toBeNull()
    expect(await signerOf(await accounts.call('signWhileLocked', data, passphrase))).toBe(first.local.address)
  })

  test('too short is refused, and changes nothing', async () => {
    const { accounts, first } = await openTab()
    await expect(accounts.call('protect', { to: 'passphrase', passphrase: 'short' })).rejects.toMatchObject({
      code: 'account/weak-passphrase',
    })
    expect((await openTab()).first).toEqual(first)
  })

  test('can be taken away again', async () => {
    const { accounts } = await openTab()
    await accounts.call('protect', { to: 'passphrase', passphrase })
    await accounts.call('protect', { to: 'browser' })
    expect((await openTab()).first.local).toMatchObject({ protection: 'browser', isLocked: false })
  })
})

describe('a power cut', () => {
  // Staging writes once; taking the place writes, and removes what was staged.
  test.each([1, 2, 3])('at write %i of a change leaves the account as it was', async (write) => {
    const { page, accounts, first } = await openTab()
    await accounts.call('cutPowerAt', write)
    await expect(accounts.call('protect', { to: 'passphrase', passphrase })).rejects.toThrow()
    await page.close()

    const after = await openTab()
    expect(after.first.local).toEqual(first.local)
    expect(await signerOf(await after.accounts.call('sign', data))).toBe(first.local.address)
    await expect.poll(async () => (await after.accounts.call('stored')).staged).toEqual([])
  })

  test('after the last write leaves it changed', async () => {
    const { page, accounts, first } = await openTab()
    await accounts.call('cutPowerAt', 4)
    await accounts.call('protect', { to: 'passphrase', passphrase })
    await page.close()

    const after = await openTab()
    expect(after.first.local).toMatchObject({ address: first.local.address, isLocked: true })
    await after.accounts.call('unlock', passphrase)
    expect((await after.accounts.call('view')).local.isLocked).toBe(false)
  })

  test('while the tab is killed leaves one whole key', async () => {
    const { page, accounts, first } = await openTab()
    accounts.call('protect', { to: 'passphrase', passphrase }).catch(() => {})
    await page.close()
    const after = await openTab()
    if (after.first.local.isLocked) await after.accounts.call('unlock', passphrase)
    expect(await signerOf(await after.accounts.call('sign', data))).toBe(first.local.address)
  })
})

test('two tabs that change the protection at once leave one whole key', async () => {
  const [one, two] = [await openTab(), await openTab()]
  const outcomes = await Promise.allSettled([
    one.accounts.call('protect', { to: 'passphrase', passphrase: 'the first of two' }),
    two.accounts.call('protect', { to: 'passphrase', passphrase: 'the second of two' }),
  ])
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  const winner = outcomes[0]?.status === 'fulfilled' ? 'the first of two' : 'the second of two'
  const after = await openTab()
  await after.accounts.call('unlock', winner)
  expect(await signerOf(await after.accounts.call('sign', data))).toBe(one.first.local.address)
})

describe('a passkey', () => {
  let cdp: CDPSession

  async function openTabWith(authenticator: { hasPrf: boolean }) {
    const tab = await openTab()
    cdp = await context.newCDPSession(tab.page)
    await cdp.send('WebAuthn.enable')
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
        ...authenticator,
      },
    })
    return { ...tab, authenticatorId }
  }

  test('locks the account and opens it', async () => {
    const { accounts, first, authenticatorId } = await openTabWith({ hasPrf: true })
    await accounts.call('protect', { to: 'passkey' })
    await accounts.call('lock')
    expect((await accounts.call('view')).local).toMatchObject({ protection: 'passkey', isLocked: true })
    await accounts.call('unlock')
    expect(await signerOf(await accounts.call('sign', data))).toBe(first.local.address)

    await accounts.call('lock')
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
    await expect(accounts.call('unlock')).rejects.toMatchObject({ code: 'account/passkey-declined' })
    expect((await accounts.call('view')).local.isLocked).toBe(true)
  })

  test('can give way to a passphrase', async () => {
    const { accounts, first } = await openTabWith({ hasPrf: true })
    await accounts.call('protect', { to: 'passkey' })
    await accounts.call('protect', { to: 'passphrase', passphrase })
    await accounts.call('lock')
    await accounts.call('unlock', passphrase)
    expect(await signerOf(await accounts.call('sign', data))).toBe(first.local.address)
  })

  test('that keeps no secrets is refused, and changes nothing', async () => {
    const { accounts, first } = await openTabWith({ hasPrf: false })
    await expect(accounts.call('protect', { to: 'passkey' })).rejects.toMatchObject({
      code: 'account/passkey-unsupported',
    })
    expect(await accounts.call('view')).toEqual(first)
  })
})

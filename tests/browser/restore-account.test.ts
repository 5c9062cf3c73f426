import type { BrowserContext, Page } from 'playwright-core'
import { recoverTypedDataAddress } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Address, Hex } from '../../src/domain/bytes.ts'
import { settlementDomain, voucherTypes } from '../../src/domain/settlement-types.ts'
import { network } from '../fixtures/jobs.ts'
import { type Harness, moduleIn, openHarness } from './harness.ts'

const passphrase = 'kept under the stairs'
/** The key of the Web3 Secret Storage definition's test vectors. */
const pasted = '7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d'
const pastedAddress = privateKeyToAddress(`0x${pasted}`)
/** Anvil's first account. */
const anvilKey = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const publicNetwork = { ...network, name: 'Base', chainId: 8453 }

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

async function openTab(on = network) {
  const page: Page = await harness.openPage(context)
  const accounts = moduleIn<typeof import('./accounts-page.ts')>(page, 'tests/browser/accounts-page.ts')
  return { page, accounts, first: await accounts.call('open', on) }
}

const signerOf = (signature: string) => recoverTypedDataAddress({ ...data, signature: signature as Hex })

test('a backup brings the account back after the browser forgot it', async () => {
  const { page, accounts, first } = await openTab()
  const backup = await accounts.call('backUp', passphrase)
  await accounts.call('noteBackup')
  expect((await accounts.call('view')).local.backedUpAtMs).toBeGreaterThan(0)
  await accounts.call('wipe')
  await page.close()

  const fresh = await openTab()
  expect(fresh.first.local.address).not.toBe(first.local.address)
  await expect(
    fresh.accounts.call('restore', { backup, passphrase: 'kept under the bed' }),
  ).rejects.toMatchObject({ code: 'account/wrong-passphrase' })
  expect(await fresh.accounts.call('restore', { backup, passphrase })).toBe(first.local.address)
  const { local, kept } = (await openTab()).first
  expect(local).toMatchObject({ address: first.local.address, protection: 'browser', isLocked: false })
  expect(local.backedUpAtMs).toBeGreaterThan(0)
  expect(kept.map(({ address }) => address)).toEqual([first.local.address, fresh.first.local.address])
})

test('restoring keeps the account that was there, and one can go back to it', async () => {
  const { accounts, first } = await openTab()
  expect(await accounts.call('restore', { privateKey: ` 0x${pasted} ` })).toBe(pastedAddress)
  const other = await openTab()
  expect(other.first.local).toMatchObject({ address: pastedAddress, backedUpAtMs: null })
  expect(await signerOf(await other.accounts.call('sign', data))).toBe(pastedAddress)

  await other.accounts.call('use', first.local.address)
  const back = await openTab()
  expect(back.first.local).toEqual(first.local)
  expect(back.first.kept.map(({ address }) => address)).toEqual([first.local.address, pastedAddress])
  expect(await signerOf(await back.accounts.call('sign', data))).toBe(first.local.address)
})

test('a backup opens an account whose passphrase is forgotten', async () => {
  const { accounts, first } = await openTab()
  const backup = await accounts.call('backUp', passphrase)
  await accounts.call('protect', { to: 'passphrase', passphrase: 'nobody remembers' })
  await accounts.call('restore', { backup, passphrase })
  const later = await openTab()
  expect(later.first.kept).toHaveLength(1)
  expect(await signerOf(await later.accounts.call('sign', data))).toBe(first.local.address)
})

test.each([1, 2, 3, 4])(
  'a power cut at write %i of restoring leaves the account as it was',
  async (write) => {
    const { page, accounts, first } = await openTab()
    await accounts.call('cutPowerAt', write)
    await expect(accounts.call('restore', { privateKey: pasted })).rejects.toThrow()
    await page.close()
    expect((await openTab()).first).toEqual(first)
  },
)

test('a choice in one tab is told to the other, which goes on with its own', async () => {
  const { accounts, first } = await openTab()
  const other = await openTab()
  expect(other.first).toEqual(first)
  await accounts.call('restore', { privateKey: pasted })
  expect(await other.accounts.call('view')).toMatchObject({ local: first.local, isChangedElsewhere: true })
  expect(await signerOf(await other.accounts.call('sign', data))).toBe(first.local.address)
  expect((await openTab()).first).toMatchObject({
    local: { address: pastedAddress },
    isChangedElsewhere: false,
  })
})

test('an account that the first version stored goes on, and can be protected', async () => {
  const page = await harness.openPage(context)
  const accounts = moduleIn<typeof import('./accounts-page.ts')>(page, 'tests/browser/accounts-page.ts')
  await accounts.call('storeFirstVersion', `0x${pasted}`)
  expect((await accounts.call('open', network)).local).toMatchObject({
    address: pastedAddress,
    protection: 'browser',
    isLocked: false,
  })
  await accounts.call('protect', { to: 'passphrase', passphrase })
  expect((await openTab()).first.local).toMatchObject({ address: pastedAddress, isLocked: true })
})

test('a tab signs on when the data of the site is cleared, and never as another account', async () => {
  const open = await openTab()
  await open.accounts.call('hold')
  await open.accounts.call('protect', { to: 'passphrase', passphrase })
  const locked = await openTab()
  await locked.accounts.call('hold')
  await open.accounts.call('wipe')
  await openTab()
  expect(await signerOf(await open.accounts.call('signHeld', data))).toBe(open.first.local.address)
  await expect(locked.accounts.call('signHeld', data)).rejects.toMatchObject({ code: 'account/not-found' })
})

test('an account that is not kept cannot be used', async () => {
  const { accounts } = await openTab()
  const nobody: Address = `0x${'00'.repeat(20)}`
  await expect(accounts.call('use', nobody)).rejects.toMatchObject({ code: 'account/not-found' })
})

test('a development key is refused where money is worth something', async () => {
  const { accounts, first } = await openTab(publicNetwork)
  await expect(accounts.call('restore', { privateKey: anvilKey })).rejects.toMatchObject({
    code: 'chain/not-local',
  })
  expect((await openTab(publicNetwork)).first).toEqual(first)
  const local = await openTab()
  expect(await local.accounts.call('restore', { privateKey: anvilKey })).toBe(privateKeyToAddress(anvilKey))
})

test('a development key that was kept before neither earns nor pays on a public chain', async () => {
  const local = await openTab()
  await local.accounts.call('restore', { privateKey: anvilKey })
  expect(await local.accounts.call('earnerAddress')).toBe(privateKeyToAddress(anvilKey))

  const { accounts, first } = await openTab(publicNetwork)
  expect(first.local.address).toBe(privateKeyToAddress(anvilKey))
  const refused = { code: 'chain/not-local', fault: 'user' }
  await expect(accounts.call('earnerAddress')).rejects.toMatchObject(refused)
  await expect(accounts.call('sign', data)).rejects.toMatchObject(refused)

  // The account from before is still there to go back to, and the development key not to come back to.
  const own = local.first.local.address
  await accounts.call('use', own)
  const later = await openTab(publicNetwork)
  expect(await later.accounts.call('earnerAddress')).toBe(own)
  await expect(later.accounts.call('use', privateKeyToAddress(anvilKey))).rejects.toMatchObject(refused)
})

import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { privateKeyToAddress } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Hex } from '../../src/domain/bytes.ts'
import { seriousFindings } from './serious-findings.ts'
import { type ScriptedPage, startScriptedPage } from './start-scripted-page.ts'

const passphrase = 'correct horse battery'
const walletKey: Hex = `0x${'5a'.repeat(32)}`
const walletAddress = privateKeyToAddress(walletKey)

let scripted: ScriptedPage
let page: Page

beforeAll(async () => {
  scripted = await startScriptedPage()
})

afterAll(() => scripted?.close())

afterEach(() => page.context().close())

const section = () => page.getByRole('region', { name: 'Your account' })
const press = (name: string) => section().getByRole('button', { name, exact: true }).click()
const sheet = (name: string) => page.getByRole('dialog', { name })
const address = async () => (await section().locator('code').last().textContent()) ?? ''

async function typePassphrase(dialog: ReturnType<typeof sheet>) {
  await dialog.getByLabel('Passphrase', { exact: true }).fill(passphrase)
  await dialog.getByLabel('The same again').fill(passphrase)
}

/** Announces a wallet as an extension would. */
async function announceWallet() {
  const script = {
    id: 'org.example.wallet',
    name: 'Example Wallet',
    privateKey: walletKey,
    rpcUrl: 'http://127.0.0.1:1',
    chainId: 31337,
    knows: [31337],
  }
  await page.evaluate(
    `import('/tests/fixtures/announced-wallet.ts').then((module) => void module.announceWallet(${JSON.stringify(script)}))`,
  )
}

describe('protection', () => {
  test('by a passphrase locks the next visit, and unlocks it by hand', async () => {
    page = await scripted.open('#/wallet')
    const own = await address()
    await section().getByText('Not protected').waitFor()
    await press('Protect')
    const dialog = sheet('Protect your account')
    await dialog.getByLabel('A passphrase').check()
    const protect = dialog.getByRole('button', { name: 'Protect' })
    expect(await protect.isDisabled()).toBe(true)
    await typePassphrase(dialog)
    await dialog.getByText('Both are the same.').waitFor()
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await section().getByText('Protected by a passphrase; unlocked in this tab.').waitFor()

    await page.reload()
    await section().getByText('Protected by a passphrase; locked now.').waitFor()
    expect(await address()).toBe(own)
    await press('Unlock')
    const unlock = sheet('Unlock your account')
    await unlock.getByLabel('Passphrase').fill('wrong horse battery')
    await page.keyboard.press('Enter')
    await unlock.getByRole('alert').getByText('That is not the passphrase.').waitFor()
    await unlock.getByLabel('Passphrase').fill(passphrase)
    await page.keyboard.press('Enter')
    await unlock.waitFor({ state: 'detached' })
    await press('Lock')
    await section().getByText('locked now').waitFor()
  })

  test('by a passkey is two touches, and one to unlock', async () => {
    page = await scripted.open('#/wallet')
    // Passkeys belong to a host name.
    await page.goto(page.url().replace('127.0.0.1', 'localhost'))
    const own = await address()
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('WebAuthn.enable')
    await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
        hasPrf: true,
      },
    })
    await press('Protect')
    const dialog = sheet('Protect your account')
    expect(await dialog.getByLabel('A passkey').isChecked()).toBe(true)
    await dialog.getByRole('button', { name: 'Protect' }).click()
    await section().getByText('Protected by a passkey; unlocked in this tab.').waitFor()
    await press('Lock')
    await press('Unlock')
    await page.getByRole('button', { name: 'Use your passkey' }).click()
    await section().getByText('Protected by a passkey; unlocked in this tab.').waitFor()
    expect(await address()).toBe(own)
  })

  test('is asked for by what needs the account, and Escape says no', async () => {
    page = await scripted.open('#/wallet')
    await press('Protect')
    const dialog = sheet('Protect your account')
    await dialog.getByLabel('A passphrase').check()
    await typePassphrase(dialog)
    await dialog.getByRole('button', { name: 'Protect' }).click()
    await dialog.waitFor({ state: 'detached' })
    await press('Lock')

    await press('Back up')
    const backUp = sheet('Back up your account')
    await typePassphrase(backUp)
    await page.keyboard.press('Enter')
    const unlock = sheet('Unlock your account')
    await unlock.waitFor()
    await page.keyboard.press('Escape')
    await backUp.getByText('The account stayed locked.').waitFor()

    await backUp.getByRole('button', { name: 'Make the backup file' }).click()
    await unlock.getByLabel('Passphrase').fill(passphrase)
    await page.keyboard.press('Enter')
    await backUp.getByText('Your backup file is ready.').waitFor()
  })
})

describe('a backup', () => {
  test('is saved as a file, and restores the account in a browser that never saw it', async () => {
    page = await scripted.open('#/wallet')
    const own = await address()
    await section().getByText('no backup of it').waitFor()
    await press('Back up')
    const dialog = sheet('Back up your account')
    await typePassphrase(dialog)
    await page.keyboard.press('Enter')
    const saving = page.waitForEvent('download')
    await dialog.getByRole('link', { name: 'Save the file' }).click()
    const saved = await saving
    expect(saved.suggestedFilename()).toBe(`opentab-account-${own.slice(2, 10).toLowerCase()}.json`)
    const file = await saved.path()
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ version: 3 })
    await page.keyboard.press('Escape')
    await section().getByText('You made a backup on').waitFor()
    expect(await section().getByText('no backup of it').count()).toBe(0)

    const first = page
    page = await scripted.open('#/wallet')
    const other = await address()
    expect(other).not.toBe(own)
    await press('Restore')
    const restore = sheet('Restore an account')
    await restore.getByLabel('Backup file').setInputFiles(file)
    await restore.getByLabel('Passphrase of the backup').fill(passphrase)
    await restore.getByRole('button', { name: 'Restore and use it' }).click()
    await expect.poll(address, { timeout: 20_000 }).toBe(own)
    await first.context().close()

    await press('Use another account')
    await sheet('Use another account')
      .getByRole('button', { name: /Use account/ })
      .click()
    await expect.poll(address, { timeout: 20_000 }).toBe(other)
  })

  test('that is none is refused with what is wrong', async () => {
    page = await scripted.open('#/wallet')
    await press('Restore')
    const restore = sheet('Restore an account')
    await restore.getByLabel('or its text, or a private key').fill('{"version":3}')
    await restore.getByLabel('Passphrase of the backup').fill(passphrase)
    await page.keyboard.press('Enter')
    await restore.getByRole('alert').getByText('This backup cannot be read.').waitFor()
    await restore.getByLabel('or its text, or a private key').fill('hello')
    await restore.getByRole('button', { name: 'Restore and use it' }).click()
    await restore.getByRole('alert').getByText('A private key is 64 digits').waitFor()
  })
})

describe('a wallet', () => {
  test('pays once it is chosen; when it is gone, the way back is offered', async () => {
    page = await scripted.open('#/wallet')
    const own = await address()
    await announceWallet()
    await press('Use another account')
    await sheet('Use another account').getByRole('button', { name: 'Use Example Wallet' }).click()
    await section().getByText('Example Wallet is not here.').waitFor()
    expect(await section().locator('code').first().textContent()).toBe(walletAddress)
    expect(await address()).toBe(own)

    await announceWallet()
    await section().getByText('Example Wallet is not here.').waitFor({ state: 'detached' })
    await section().getByText('Example Wallet pays').waitFor()
    // The balance is what can be spent from here; what this browser's own account holds stays in sight.
    const money = async (name: string) => page.getByLabel(name, { exact: true }).locator('data').innerText()
    expect(await money('Balance')).toBe('$2.50')
    expect(await money('In this browser')).toBe('$4.999')
    await page.getByRole('button', { name: 'Add test funds' }).click()
    await expect.poll(() => money('Balance')).toBe('$12.50')
    await page.getByRole('link', { name: 'Ask', exact: true }).click()
    expect(await money('Balance')).toBe('$12.50')
    await page.getByText('and Example Wallet asks you for it').waitFor()
    await page.getByRole('link', { name: 'Wallet', exact: true }).click()
    await page.reload()
    await section().getByRole('button', { name: 'Use this browser’s account' }).click()
    await section().getByText('Example Wallet pays').waitFor({ state: 'detached' })
    expect(await address()).toBe(own)
  })
})

test('an answer under way keeps the account', async () => {
  page = await scripted.open('#/ask')
  await page.getByRole('textbox', { name: 'Prompt' }).fill('a long answer')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByText('so far').waitFor()
  await page.getByRole('link', { name: 'Wallet', exact: true }).click()
  await press('Restore')
  const restore = sheet('Restore an account')
  await restore.getByText('Wait for the answer under way').waitFor()
  await restore.getByLabel('or its text, or a private key').fill('5a'.repeat(32))
  expect(await restore.getByRole('button', { name: 'Restore and use it' }).isDisabled()).toBe(true)
})

test.each(['light', 'dark'] as const)('every sheet is accessible in %s', async (colorScheme) => {
  page = await scripted.open('#/wallet', { colorScheme })
  await announceWallet()
  for (const [button, name] of [
    ['Protect', 'Protect your account'],
    ['Back up', 'Back up your account'],
    ['Restore', 'Restore an account'],
    ['Use another account', 'Use another account'],
  ] as const) {
    await press(button)
    await sheet(name).waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await page.keyboard.press('Escape')
    await sheet(name).waitFor({ state: 'detached' })
    expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe(button)
  }
})

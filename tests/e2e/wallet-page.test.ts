import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type ScriptedPage, startScriptedPage } from './start-scripted-page.ts'

let scripted: ScriptedPage
let page: Page

beforeAll(async () => {
  scripted = await startScriptedPage()
})

afterAll(() => scripted?.close())

afterEach(() => page.context().close())

test('the wallet claims and takes test funds', async () => {
  page = await scripted.open('#/wallet')
  const balance = page.getByLabel('Balance')
  await expect.poll(() => balance.locator('data').getAttribute('value')).toBe('4.999982')
  await page.getByRole('button', { name: 'Claim' }).click()
  await expect.poll(() => balance.locator('data').getAttribute('value')).toBe('5.001216')
  await page.getByRole('button', { name: 'Add test funds' }).click()
  await expect.poll(() => balance.locator('data').getAttribute('value')).toBe('15.001216')
  await page.getByText('Earnings claimed').waitFor()
  await page.getByText('Test money added').waitFor()
})

test('the wallet takes back what is set aside, in two steps', async () => {
  page = await scripted.open('#/wallet')
  const rows = page.getByRole('region', { name: 'Set aside for answers' }).getByRole('listitem')
  const waiting = rows.filter({ hasText: '$0.9999' })
  await waiting.getByRole('button', { name: 'Take back' }).click()
  await waiting.getByText(/on its way, ready at\s+\d/).waitFor()
  expect(await rows.getByRole('button', { name: 'Take back' }).count()).toBe(0)

  await rows.getByRole('button', { name: 'Finish' }).click()
  await page.getByText('$0.25 is back in your balance.').waitFor()
  await expect.poll(() => rows.count()).toBe(2)
  expect(await page.getByLabel('Balance').locator('data').getAttribute('value')).toBe('5.249982')
  await page.getByText('Taken back').waitFor()
})

test('what pays for an answer under way cannot be taken back', async () => {
  page = await scripted.open('#/ask')
  await page.getByRole('textbox', { name: 'Prompt' }).fill('a long answer')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByText('so far').waitFor()
  await page.getByRole('link', { name: 'Wallet', exact: true }).click()
  const takeBack = page.getByRole('button', { name: 'Take back' })
  await takeBack.waitFor()
  expect(await takeBack.isDisabled()).toBe(true)
  await page.getByRole('link', { name: 'Ask', exact: true }).click()
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('link', { name: 'Wallet', exact: true }).click()
  await expect.poll(() => takeBack.isEnabled()).toBe(true)
})

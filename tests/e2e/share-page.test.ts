import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { seriousFindings } from './serious-findings.ts'
import { type ScriptedPage, startScriptedPage } from './start-scripted-page.ts'

let scripted: ScriptedPage
let page: Page

beforeAll(async () => {
  scripted = await startScriptedPage()
})

afterAll(() => scripted?.close())

afterEach(() => page.context().close())

const open = async (address: string) => void (page = await scripted.open(address))
const status = () => page.getByRole('status', { name: 'Sharing status' })
const pressStart = () => page.getByRole('button', { name: 'Start sharing' }).click()

test('pauses by its owner’s rules, says why in words, and goes on by itself', async () => {
  await open('?scene=unplugged#/share')
  await page.getByLabel('Only when plugged in').check()
  await pressStart()
  await status().getByText('Paused').waitFor()
  expect(await status().innerText()).toBe(
    'Paused: this computer runs on battery. It goes on by itself when plugged in.',
  )
  expect(await seriousFindings(page)).toEqual([])
  await page.getByLabel('Only when plugged in').uncheck()
  await status().getByText('Online').waitFor()
})

test('offers the next smaller model where memory was too small', async () => {
  await open('?scene=cramped#/share')
  await page.getByLabel('SmolLM2 360M').check()
  await pressStart()
  const alert = page.getByRole('alert')
  await alert.getByText('The memory here is too small for this.').waitFor()
  await alert.getByText('SmolLM2 135M takes less.').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  await alert.getByRole('button', { name: 'Share SmolLM2 135M' }).click()
  await status().getByText('Online').waitFor()
  expect(await page.getByLabel('SmolLM2 135M').isChecked()).toBe(true)
})

test('goes on by itself after a reload while its model was loading', async () => {
  await open('#/share')
  await pressStart()
  await page.getByText('Test that its answers are right').and(page.locator('[aria-current]')).waitFor()
  await page.reload()
  await page.getByText('It went on by itself').waitFor()
  await status().getByText('Online').waitFor()
})

test('does not load a model again by itself for which its tab ended', async () => {
  await open('#/share')
  await pressStart()
  await page.getByText('Test that its answers are right').and(page.locator('[aria-current]')).waitFor()
  const crashed = page.waitForEvent('crash')
  const session = await page.context().newCDPSession(page)
  void session.send('Page.crash').catch(() => {})
  await crashed
  const address = page.url()
  page = await page.context().newPage()
  await page.goto(address)
  await page.getByText('This tab ended while it loaded the model').waitFor()
  await page.getByRole('button', { name: 'Start sharing' }).waitFor()
  await page.getByText('No smaller model is on the list.').waitFor()
  expect(await seriousFindings(page)).toEqual([])
})

test('says what the browser does not tell', async () => {
  await open('?scene=empty#/share')
  await page.getByText('This browser does not say whether it is plugged in').waitFor()
  await page.getByText('This browser has not said how hard the computer works').waitFor()
  await page.getByText('Where the browser can tell, it asks you first.').waitFor()
  await page.getByLabel('Pause while I use the computer').check()
  await page
    .getByText('This browser tells only when you use this page, not the rest of the computer.')
    .waitFor()
})

test('goes on by itself after a reload, with its rules, and says so', async () => {
  await open('#/share')
  await page.getByLabel('Share of this computer').fill('50')
  await page.getByRole('button', { name: 'Only at certain hours' }).click()
  for (const day of ['Sat', 'Sun']) await page.getByText(day, { exact: true }).click()
  await page.getByLabel('From').selectOption('00:00')
  await pressStart()
  await status().getByText('Online').waitFor()
  page.on('dialog', (dialog) => void dialog.accept())
  await page.reload()
  await page.getByText('It went on by itself').waitFor()
  await status().getByText('Online').waitFor()
  expect(await page.getByLabel('Share of this computer').inputValue()).toBe('50')
  expect(await page.getByLabel('Sunday').isChecked()).toBe(true)
  await page.getByRole('button', { name: 'Stop sharing' }).click()
  await status().getByText('Not sharing').waitFor()
  await page.reload()
  await page.getByRole('button', { name: 'Start sharing' }).waitFor()
  expect(await status().innerText()).toContain('Not sharing')
})

test('never sells below what the power costs, where that is wanted', async () => {
  await open('#/share')
  await pressStart()
  await status().getByText('Online').waitFor()
  await page.getByRole('button', { name: 'Stop sharing' }).click()
  await page.getByLabel('Price', { exact: true }).fill('0.01')
  await page.getByLabel('Extra power').fill('36')
  await page.getByLabel('Left of a million tokens').getByText('−').waitFor()
  await page.getByLabel('Never below what the power costs').check()
  // 36 watts at 0.30 dollars, 31 tokens a second.
  await page.getByText('Your price is raised to $0.09677 per million tokens.').waitFor()
  expect(await page.getByLabel('Left of a million tokens').innerText()).toMatch(/^\$0\.0+/)
})

test('says before a download what it takes, and where its bytes come from', async () => {
  await open('#/share')
  await page.getByText(/Still to download: \d+ MB\. This browser has room for 12\.0 GB\./).waitFor()
  await pressStart()
  await page.getByText(/ MB of \d+ MB from 3 tabs/).waitFor()
  await status().getByText('Online').waitFor()
})

test('shows what speaks for each model, and chooses what earns most when it is let', async () => {
  await open('#/share')
  const models = page.getByRole('radiogroup', { name: 'Which model' })
  await models.getByText('98 MB, Apache-2.0, comes with this page').waitFor()
  await models.getByText('6 tabs offer it for $0.05 to $0.20 per million tokens').waitFor()
  await models.getByText('published by 0xbbbb…bbbb, who gets 5% of what it earns').waitFor()
  await models.getByText('Probably does not fit: it takes about').waitFor()
  await models.getByText('3 tabs can bring its bytes.').first().waitFor()
  await models.getByLabel('Let this tab choose').check()
  await models.getByText('nothing was measured on this computer yet, so it takes the shortest').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  await pressStart()
  await status().getByText('Online').waitFor()
  await page.getByRole('button', { name: 'Stop sharing' }).click()
  await models.getByText('SmolLM2 135M: at today’s demand it leaves about $0.0').waitFor()
  await models
    .getByText(/Would leave about \$0\.0\d+ an hour at today’s demand/)
    .first()
    .waitFor()
  await page.reload()
  await expect.poll(() => models.getByLabel('Let this tab choose').isChecked()).toBe(true)
})

test('removes a model to make room when the person says so, the longest unused first', async () => {
  await open('?scene=full#/share')
  await page.getByText('There is no room for this model').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  await page
    .getByRole('button', { name: /^Make room: remove .+ \(1\.2 GB\), last used .*June.*2026$/ })
    .click()
  await page.getByText('This browser has room for 12.0 GB.').waitFor()
})

test('lends bytes from the first time that it shares, up to a limit, until that is switched off', async () => {
  await open('#/share')
  await page.getByLabel('Up to').fill('0.5')
  await pressStart()
  const lent = page.getByRole('status', { name: 'Bytes lent' })
  await lent.getByText('48 MB sent to other tabs, 98 MB received from them. 2 tabs connected now.').waitFor()
  await status().getByText('Online').waitFor()
  await page.getByRole('button', { name: 'Stop sharing' }).click()
  await page.reload()
  await lent.getByText('2 tabs connected now.').waitFor()
  await expect.poll(() => page.getByLabel('Up to').inputValue()).toBe('0.5')
  await page.getByLabel('Also send').uncheck()
  await page.getByText('2 tabs connected now.').waitFor({ state: 'hidden' })
  await page.reload()
  await expect.poll(() => page.getByLabel('Also send').isChecked()).toBe(false)
  expect(await lent.count()).toBe(0)
})

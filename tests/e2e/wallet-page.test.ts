import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type ScriptedPage, narrow, startScriptedPage } from './start-scripted-page.ts'

let scripted: ScriptedPage
let page: Page

beforeAll(async () => {
  scripted = await startScriptedPage()
})

afterAll(() => scripted?.close())

afterEach(() => page.context().close())

const figure = (name: string) => page.getByLabel(name, { exact: true }).locator('data')
/** What a figure of the wallet says, in micro-dollars. */
const micro = async (name: string) => Math.round(Number(await figure(name).getAttribute('value')) * 1e6)
const receipts = () => page.getByRole('region', { name: 'Receipts' })

describe('money', () => {
  test('claims and takes test funds', async () => {
    page = await scripted.open('#/wallet')
    await expect.poll(() => micro('Balance')).toBe(4_999_982)
    const claimable = (await micro('Earned')) - (await micro('Claimed'))
    await page.getByText('Claiming costs about $0.0021, taken from it.').waitFor()
    await page.getByRole('button', { name: 'Claim' }).click()
    await expect.poll(() => micro('Balance')).toBe(4_999_982 + claimable - 2_100)
    await page.getByRole('button', { name: 'Add test funds' }).click()
    await expect.poll(() => micro('Balance')).toBe(14_999_982 + claimable - 2_100)
    await page.getByText('Earnings claimed').first().waitFor()
    await page.getByText('Test money added').waitFor()
  })

  test('takes back what is set aside, in two steps', async () => {
    page = await scripted.open('#/wallet')
    const rows = page.getByRole('region', { name: 'Set aside for answers' }).getByRole('listitem')
    const waiting = rows.filter({ hasText: '$0.9999' })
    await waiting.getByRole('button', { name: 'Take back' }).click()
    await waiting.getByText('on its way, ready at').waitFor()

    await rows.getByRole('button', { name: 'Finish' }).click()
    await page.getByText('$0.25 is back in your balance.').waitFor()
    await expect.poll(() => rows.count()).toBe(3)
    expect(await micro('Balance')).toBe(5_249_982)
    await page.getByText('Taken back').waitFor()
  })

  test('takes back through a relay at once, for the fee that is shown', async () => {
    page = await scripted.open('#/wallet')
    const rows = page.getByRole('region', { name: 'Set aside for answers' }).getByRole('listitem')
    const relayed = rows.filter({ hasText: 'relay 0x' })
    await relayed.getByText('comes back at once, for $0.0021').waitFor()
    await relayed.getByRole('button', { name: 'Take back' }).click()
    await expect.poll(() => micro('Balance')).toBe(4_999_982 + 1_500_000 - 2_100)
    expect(await relayed.count()).toBe(0)
  })

  test('leaves for an address, read over once more', async () => {
    page = await scripted.open('#/wallet')
    await page.getByRole('button', { name: 'Send' }).click()
    const sheet = page.getByRole('dialog', { name: 'Send money' })
    await sheet.getByText('Sending costs $0.0021').waitFor()
    const onwards = sheet.getByRole('button', { name: 'Read it over' })
    await sheet.getByLabel('To the address').fill('0x1234')
    await sheet.getByLabel('Amount in dollars').fill('2.5')
    await sheet.getByText('An address has 42 characters').waitFor()
    expect(await onwards.isDisabled()).toBe(true)
    const to = `0x${'ab'.repeat(20)}`
    await sheet.getByLabel('To the address').fill(to)
    await onwards.click()
    await sheet.getByText(to).waitFor()
    await sheet.getByRole('button', { name: 'Send $2.50' }).click()
    await sheet.getByText(`0x${'5e'.repeat(32)}`).waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => micro('Balance')).toBe(4_999_982 - 2_500_000 - 2_100)
    await page.getByRole('region', { name: 'Money in and out' }).getByText('Sent').waitFor()
  })

  test('that pays for an answer under way cannot be taken back', async () => {
    page = await scripted.open('#/ask')
    await page.getByRole('textbox', { name: 'Prompt' }).fill('a long answer')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByText('so far').waitFor()
    await page.getByRole('link', { name: 'Wallet', exact: true }).click()
    const takeBack = page.getByRole('button', { name: 'Take back' }).first()
    await takeBack.waitFor()
    expect(await takeBack.isDisabled()).toBe(true)
    await page.getByRole('link', { name: 'Ask', exact: true }).click()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('link', { name: 'Wallet', exact: true }).click()
    await expect.poll(() => takeBack.isEnabled()).toBe(true)
  })
})

describe('what was earned', () => {
  test('is plotted over the time that is chosen, and told in a table', async () => {
    page = await scripted.open('#/wallet', { viewport: narrow })
    const earnings = page.getByRole('region', { name: 'Earnings' })
    await earnings.getByRole('img', { name: /^Earned per day, \$0\.0\d+ in all/ }).waitFor()
    await earnings.getByText('Day', { exact: true }).click()
    await earnings.getByRole('img', { name: /^Earned per hour/ }).waitFor()
    await earnings.getByRole('button', { name: 'The figures in a table' }).click()
    const hours = await earnings.getByRole('row').count()
    expect(hours).toBeGreaterThan(2)
    expect(hours).toBeLessThanOrEqual(25)
  })

  test('leads from a receipt to its voucher and to the claim that collected it', async () => {
    page = await scripted.open('?scene=bonded#/wallet')
    await receipts().getByText('not claimed yet').first().waitFor()
    await receipts().getByRole('button', { name: 'Answered: open the receipt' }).first().click()
    const sheet = page.getByRole('dialog', { name: 'Receipt' })
    await sheet.getByText('Checked: it is the provider’s').waitFor()
    await sheet.getByText('$0.098765, over all answers of this channel').waitFor()
    await sheet.getByText('Not claimed yet').waitFor()
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: 'Claim' }).click()
    await receipts().getByText('not claimed yet').first().waitFor({ state: 'detached' })
    await receipts().getByRole('button', { name: 'Answered: open the receipt' }).first().click()
    const claim = sheet.getByRole('link', { name: /^0x0+ab01/ })
    expect(await claim.getAttribute('href')).toMatch(/^https:\/\/explorer\.example\.org\/tx\/0x0+ab01$/)
    expect(await claim.getAttribute('rel')).toContain('noopener')
  })

  test('is listed page by page, and saved whole as CSV', async () => {
    page = await scripted.open('#/wallet')
    await receipts()
      .getByText(/^Page 1 of \d+$/)
      .waitFor()
    await receipts().getByRole('button', { name: 'Older' }).click()
    await receipts()
      .getByText(/^Page 2 of \d+$/)
      .waitFor()
    const listed = Number.parseInt(
      await receipts()
        .getByText(/^\d+ receipts$/)
        .innerText(),
      10,
    )
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      receipts().getByRole('button', { name: 'Save as CSV' }).click(),
    ])
    expect(download.suggestedFilename()).toMatch(/^opentab-receipts-\d{4}-\d\d-\d\d\.csv$/)
    const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n')
    expect(lines).toHaveLength(listed + 1)
    expect(lines[1]).toContain(',answered,')
    await receipts().getByText('Asked', { exact: true }).click()
    await receipts().getByText('0 receipts').waitFor()
  })
})

describe('what was asked', () => {
  test('leads to the deposit that paid it and the claim that collected it, in the table, the receipt and the CSV', async () => {
    const deposit = `https://explorer.example.org/tx/0x${'de'.repeat(32)}`
    const claim = `https://explorer.example.org/tx/0x${'cc'.repeat(32)}`
    page = await scripted.open('?scene=bonded#/ask')
    await page.getByRole('textbox', { name: 'Prompt' }).fill('What makes a rainbow?')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('log', { name: 'Conversation' }).getByRole('article').waitFor()

    await page.getByRole('link', { name: 'Wallet', exact: true }).click()
    await receipts().getByText('Asked', { exact: true }).first().click()
    const row = receipts().getByRole('row').nth(1)
    const [toDeposit, toClaim] = ['deposit', 'claimed'].map((name) => row.getByRole('link', { name }))
    expect(await toDeposit!.getAttribute('href')).toBe(deposit)
    expect(await toClaim!.getAttribute('href')).toBe(claim)
    expect(await toClaim!.getAttribute('rel')).toContain('noopener')

    await row.getByRole('button', { name: 'Asked: open the receipt' }).click()
    const sheet = page.getByRole('dialog', { name: 'Receipt' })
    expect(await sheet.getByRole('link', { name: /^0xdede/ }).getAttribute('href')).toBe(deposit)
    expect(await sheet.getByRole('link', { name: /^0xcccc/ }).getAttribute('href')).toBe(claim)
    await page.keyboard.press('Escape')

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      receipts().getByRole('button', { name: 'Save as CSV' }).click(),
    ])
    const [names, asked] = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n')
    const cells = Object.fromEntries(names!.split(',').map((name, at) => [name, asked!.split(',')[at]]))
    expect(cells).toMatchObject({
      side: 'asked',
      deposit_transaction: `0x${'de'.repeat(32)}`,
      deposit_link: deposit,
      claim_transaction: `0x${'cc'.repeat(32)}`,
      claim_link: claim,
    })
  })
})

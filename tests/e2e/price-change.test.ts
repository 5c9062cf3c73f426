import { afterAll, beforeAll, expect, test } from 'vitest'
import { seriousFindings } from './serious-findings.ts'
import { type ScriptedPage, startScriptedPage } from './start-scripted-page.ts'

let scripted: ScriptedPage

beforeAll(async () => {
  scripted = await startScriptedPage()
})

afterAll(() => scripted?.close())

test('a price that went up between looking and sending is told, and paid only when sent again', async () => {
  const page = await scripted.open('?scene=lively#/ask')
  const terms = page.locator('.terms', { hasText: 'an answer' })
  await terms.waitFor()
  const before = await terms.innerText()
  await page.getByRole('textbox', { name: 'Prompt' }).fill('Something dearer')
  await page.getByRole('button', { name: 'Send', exact: true }).click()

  const told = page.getByText(/^The price is now \$[\d.]+ an answer\.$/)
  await told.waitFor()
  const price = /\$[\d.]+\d/.exec(await told.innerText())![0]
  await expect.poll(() => terms.innerText()).toContain(price)
  expect(before).not.toContain(price)
  expect(await page.getByText('Nothing was paid.').isVisible()).toBe(true)
  expect(await seriousFindings(page)).toEqual([])

  await page.getByRole('button', { name: 'Send again' }).click()
  await page.getByRole('article').waitFor()
  expect(await told.count()).toBe(0)
  await page.context().close()
})

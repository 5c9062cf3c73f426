import { Buffer } from 'node:buffer'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { seriousFindings } from './serious-findings.ts'
import { type ScriptedPage, narrow, startScriptedPage } from './start-scripted-page.ts'

const model = { name: 'tiny.gguf', mimeType: 'application/octet-stream', buffer: Buffer.from('GGUF tiny') }
const letter = { ...model, name: 'letter.gguf', buffer: Buffer.from('Dear model') }

let scripted: ScriptedPage
let page: Page

beforeAll(async () => {
  scripted = await startScriptedPage()
})

afterAll(() => scripted?.close())

afterEach(() => page.context().close())

const chooseFile = (file: typeof model) => page.getByLabel('Choose a file').setInputFiles(file)

/** Drops a file on the page or on a part of it, as a person would from a folder. */
async function drop({ name, buffer }: typeof model, on = 'main'): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([fileName, text]) => {
      const data = new DataTransfer()
      data.items.add(new File([text], fileName))
      return data
    },
    [name, buffer.toString()] as const,
  )
  await page.dispatchEvent(on, 'drop', { dataTransfer: transfer })
}

test('a file that is dropped anywhere is measured, described and listed, and can be shared', async () => {
  page = await scripted.open('#/ask')
  await drop(model)
  await page.getByRole('heading', { name: 'Publish a model' }).waitFor()
  const name = page.getByLabel('Name', { exact: true })
  await name.waitFor()
  expect([await name.inputValue(), await page.getByLabel('Licence of the file').inputValue()]).toEqual([
    'Tiny Tales',
    'MIT',
  ])
  await page.getByText('costs you nothing: its fee is given to you there').waitFor()
  await page.getByLabel('Your royalty').fill('31')
  await page.getByText('The royalty is between 0 and 30 percent.').waitFor()
  expect(await page.getByRole('button', { name: 'Publish it' }).isDisabled()).toBe(true)
  await page.getByLabel('Your royalty').fill('5')
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole('button', { name: 'Publish it' }).click()
  await page.getByText('Tiny Tales is published.').waitFor()
  await page.getByText('5%', { exact: true }).waitFor()
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole('button', { name: 'Share it from this computer' }).click()
  await expect.poll(() => page.getByLabel('Tiny Tales').isChecked()).toBe(true)
  await page.getByText('who gets 5% of what it earns').first().waitFor()
})

test('a file that is dropped on a field for files, or on a dialog, is no model to publish', async () => {
  page = await scripted.open('#/wallet')
  await page.getByRole('button', { name: 'Restore' }).click()
  await page.evaluate(() => {
    const told: boolean[] = []
    Object.assign(window, { told })
    addEventListener('drop', (event) => told.push(event.defaultPrevented))
  })
  for (const on of ['input[type=file]', 'dialog h2']) await drop(letter, on)
  // The browser gives the first to the field; the second it would open in the place of the page.
  expect(await page.evaluate(() => (window as unknown as { told: boolean[] }).told)).toEqual([false, true])
  await page.getByRole('dialog', { name: 'Restore an account' }).waitFor()
  expect(new URL(page.url()).hash).toBe('#/wallet')
})

test('a file that is no model is refused with what to do, and another can be taken', async () => {
  page = await scripted.open('#/network', { viewport: narrow })
  await chooseFile(letter)
  const alert = page.getByRole('alert')
  await alert.getByText('This is not a GGUF file.').waitFor()
  expect(await alert.innerText()).toContain('Nothing was uploaded.')
  expect(await seriousFindings(page)).toEqual([])
  await chooseFile(model)
  await page.getByLabel('Name', { exact: true }).waitFor()
  expect(await alert.count()).toBe(0)
})

test('publishing can be given up at any time, and what was written stays', async () => {
  page = await scripted.open('#/network')
  await chooseFile(model)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByText('Drop it anywhere on this page').waitFor()
  await chooseFile(model)
  await page.getByLabel('Name', { exact: true }).fill('Mine')
  await page.getByRole('button', { name: 'Publish it' }).click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Mine')
})

import { resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { startSharing } from './tabs.ts'

/** The small model that fast tests run. */
export const tinyModelFile = resolve(import.meta.dirname, '../fixtures/tiny-llama/tiny-llama.gguf')

const patientMs = 60_000

/** Publishes a file from the Network place, as a person does, and waits until it is listed. */
export async function publishModel(
  page: Page,
  { file, name, royaltyPercent }: { file: string; name: string; royaltyPercent: number },
): Promise<void> {
  await page.getByLabel('Choose a file').setInputFiles(file)
  await page.getByLabel('Name', { exact: true }).fill(name, { timeout: patientMs })
  await page.getByLabel('Licence of the file').fill('Apache-2.0')
  await page.getByLabel('Your royalty').fill(String(royaltyPercent))
  await page.getByRole('button', { name: 'Publish it' }).click()
  await page.getByText(`${name} is published.`).waitFor({ timeout: patientMs })
}

/** Chooses a model in the Share place as soon as it is listed there, and shares it. */
export async function shareModel(page: Page, name: string): Promise<void> {
  const models = page.getByRole('radiogroup', { name: 'Which model' })
  await models.getByLabel(name).check({ timeout: patientMs })
  await startSharing(page)
}

/** Chooses the model to ask as soon as it is listed. */
export async function askModel(page: Page, name: string): Promise<void> {
  const model = page.getByRole('combobox', { name: 'Model' })
  await model.locator('option', { hasText: name }).waitFor({ state: 'attached', timeout: patientMs })
  await model.selectOption(name)
}

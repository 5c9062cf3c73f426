import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { moduleIn, openHarness, type Harness } from './harness.ts'

let harness: Harness
let page: Page

beforeAll(async () => {
  harness = await openHarness()
  page = await harness.openPage()
})
afterAll(() => harness?.close())

test('runs a module of the sources in an isolated page', async () => {
  const limits = moduleIn<typeof import('../../src/domain/price.ts')>(page, 'src/domain/price.ts')
  const price = { promptMicroUsdPerMillion: 1_000_000n, completionMicroUsdPerMillion: 500_000n }
  expect(await limits.call('chargeMicroUsd', { promptTokens: 2, completionTokens: 3 }, price)).toBe(3n)
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
})

test('keeps the code of an error that crosses', async () => {
  const missing = moduleIn<{ nothing(): void }>(page, 'src/domain/price.ts')
  await expect(missing.call('nothing')).rejects.toMatchObject({ code: 'test/failed' })
})

import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type HealthServer, startHealthServer } from '../../relay/health-server.ts'
import type { RelayHealth } from '../../relay/relay-health.ts'
import { launchBrowser } from '../../tools/find-browser.ts'
import { seriousFindings } from '../e2e/serious-findings.ts'
import { hubStatus, relayHealth } from '../fixtures/relay-health.ts'

const refreshMs = 5_000
const needy: RelayHealth = { ...relayHealth, hub: { ...hubStatus, warnings: ['gas-low', 'balance-low'] } }

let browser: Browser
let server: HealthServer
let health: RelayHealth
let page: Page

beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

beforeEach(async () => {
  health = relayHealth
  server = await startHealthServer('127.0.0.1', 0, () => health)
})
afterEach(async () => {
  await page.close()
  await server.stop()
})

async function open(options: Parameters<Browser['newPage']>[0] = {}): Promise<string[]> {
  const errors: string[] = []
  page = await browser.newPage(options)
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  page.on('pageerror', (error) => errors.push(error.message))
  await page.clock.install()
  await page.goto(server.url)
  return errors
}

const status = () => page.getByRole('status').innerText()

test.each(['light', 'dark'] as const)(
  'it is readable by everybody, %s and on a phone',
  async (colorScheme) => {
    health = needy
    const errors = await open({ colorScheme, viewport: { width: 360, height: 740 } })
    expect(await seriousFindings(page)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
    expect(errors).toEqual([])
  },
)

test('it brings itself up to date, and says first what needs the host', async () => {
  await open()
  expect(await status()).toBe('Up')
  health = { ...needy, tabs: 77 }
  await page.clock.runFor(refreshMs)
  await page.getByText('Gas is low').waitFor()
  expect(await status()).toBe('Up, and needs you')
  expect(await page.locator('main > :first-child').innerText()).toContain('Gas is low')
  expect(await page.getByText('77', { exact: true }).isVisible()).toBe(true)
})

test('it says when the relay no longer answers, and when it does again', async () => {
  await open()
  const port = Number(new URL(server.url).port)
  await server.stop()
  await page.clock.runFor(refreshMs)
  await page.getByText('The relay does not answer.').waitFor()
  server = await startHealthServer('127.0.0.1', port, () => health)
  await page.clock.runFor(refreshMs)
  await page.getByText('Up', { exact: true }).waitFor()
})

test('it leaves alone what somebody is copying', async () => {
  await open()
  const account = page.getByText(hubStatus.account)
  await account.selectText()
  health = { ...relayHealth, tabs: 77 }
  await page.clock.runFor(refreshMs)
  expect(await page.evaluate(() => String(getSelection()))).toBe(hubStatus.account)
})

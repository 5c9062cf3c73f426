import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../../tools/find-browser.ts'
import { buildPage, root } from '../../tools/stack/build-page.ts'
import { type ServedPage, servePage } from '../../tools/stack/serve-page.ts'

const mostFirstScreenBytes = 60_000

let served: ServedPage

beforeAll(async () => {
  await buildPage()
  served = await servePage({ port: 0, networkFile: 'there-is-none.json', development: false })
})

afterAll(() => served?.stop())

test('the first screen works with at most 60 kB of JavaScript, compressed', async () => {
  const html = await readFile(join(root, 'dist/index.html'), 'utf8')
  // The entry and, as preloads, all that it needs before it runs.
  const scripts = html.match(/\/assets\/[^"]+\.js/g) ?? []
  const sizes = await Promise.all(
    scripts.map(async (script) => gzipSync(await readFile(join(root, 'dist', script))).length),
  )
  expect(sizes.length).toBeGreaterThan(1)
  expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(mostFirstScreenBytes)
})

test('it opens without a network to what it already knows', async () => {
  const browser = await launchBrowser()
  try {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(served.url)
    await page.evaluate(async () => void (await navigator.serviceWorker.ready))
    // Files are kept from the second visit on: the worker did not see the first.
    await page.reload()
    await page.getByRole('combobox', { name: 'Model' }).waitFor()
    await context.setOffline(true)
    await page.reload()
    await page.getByRole('textbox', { name: 'Prompt' }).waitFor()
    await page.getByText('Not connected, trying again').waitFor()
  } finally {
    await browser.close()
  }
})

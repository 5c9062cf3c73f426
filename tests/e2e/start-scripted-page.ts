import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchBrowser } from '../../tools/find-browser.ts'
import { serveScriptedPage } from './serve-scripted-page.ts'

export const narrow = { width: 360, height: 740 }
export const wide = { width: 1600, height: 900 }

export type ScriptedPage = {
  url: string
  browser: Browser
  /** Opens the page before a scripted market, in a context of its own. */
  open(address: string, options?: BrowserContextOptions): Promise<Page>
  close(): Promise<void>
}

/** Serves the page before a scripted market, and a browser to see it with. */
export async function startScriptedPage(): Promise<ScriptedPage> {
  const served = await serveScriptedPage()
  const browser = await launchBrowser()
  return {
    url: served.url,
    browser,
    async open(address, options = {}) {
      const context = await browser.newContext({ viewport: wide, reducedMotion: 'reduce', ...options })
      const page = await context.newPage()
      await page.goto(`${served.url}/tests/e2e/scripted-page/index.html${address}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      return page
    },
    async close() {
      await browser.close()
      await served.close()
    },
  }
}

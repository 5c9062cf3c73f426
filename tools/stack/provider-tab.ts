import type { BrowserContext, Page } from 'playwright-core'
import { launchProfile } from '../find-browser.ts'
import { ToolError } from '../tool-error.ts'

const onlineTimeoutMs = 10 * 60_000
const pollMs = 500

/** A headless tab that shares. */
export type ProviderTab = { closed: Promise<void>; stop(): Promise<void> }

/** Which page the tab opens, and where it keeps its things. */
export type ProviderTabOptions = {
  url: string
  /** Where the browser keeps the model and what was earned. */
  profileFolder: string
  /** Told what the tab says of itself while it gets ready. */
  onStatus?: (status: string) => void
  signal?: AbortSignal
}

/**
 * Opens the page in a headless browser, presses Start sharing and waits until it is online.
 *
 * @throws ToolError `tools/no-browser`, `tools/not-started` with what the page said
 */
export async function startProviderTab(options: ProviderTabOptions): Promise<ProviderTab> {
  const context = await launchProfile(options.profileFolder)
  const stop = () => context.close()
  try {
    const page = context.pages()[0] ?? (await context.newPage())
    await share(page, options)
  } catch (error) {
    await stop()
    throw error
  }
  return { closed: closing(context), stop }
}

function closing(context: BrowserContext): Promise<void> {
  return new Promise((resolve) => context.once('close', () => resolve()))
}

async function share(page: Page, { url, onStatus = () => {}, signal }: ProviderTabOptions): Promise<void> {
  const messages: string[] = []
  page.on('console', (message) => message.type() === 'error' && messages.push(message.text()))
  page.on('pageerror', (error) => messages.push(error.message))
  await page.goto(new URL('#/share', url).href)
  const start = page.getByRole('button', { name: 'Start sharing' })
  const status = page.getByRole('status', { name: 'Sharing status' })
  // A tab that shared when it was closed starts again by itself.
  await start.or(page.getByRole('button', { name: 'Stop sharing' })).waitFor()
  if (await start.isVisible()) await start.click()

  let shown = ''
  const deadline = performance.now() + onlineTimeoutMs
  while (!shown.includes('Online')) {
    signal?.throwIfAborted()
    if (performance.now() > deadline) {
      const details = [shown, ...messages].join('\n')
      throw new ToolError('tools/not-started', 'The provider tab did not come online.', { details })
    }
    await page.waitForTimeout(pollMs)
    const text = (await status.innerText()).replaceAll(/\s+/g, ' ').trim()
    if (text !== shown) onStatus(text)
    shown = text
  }
}

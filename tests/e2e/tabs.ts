import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Answer } from '../../src/roles/tasks/answer.ts'
import { launchBrowser } from '../../tools/find-browser.ts'
import { startLocalRelay } from '../../tools/stack/local-relay.ts'
import { type StartOptions, type Stack, startStack } from '../../tools/stack/start-stack.ts'

/** All that `npm start` runs, on free ports, and a browser. */
export type TestStack = {
  stack: Stack
  browser: Browser
  /** A page in a context of its own: another person's browser. */
  openTab(
    place: 'ask' | 'share' | 'wallet' | 'network',
    prepare?: (context: BrowserContext) => Promise<unknown>,
  ): Promise<Page>
  /** Ends the relay and starts it again on the same port with the same key. */
  restartRelay(): Promise<void>
  close(): Promise<void>
}

/** Starts chain, relay and page on free ports with fresh run data, and a browser. */
export async function openStack(options: StartOptions = {}): Promise<TestStack> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'opentab-e2e-'))
  const ports = { port: 0, relayPort: 0, relayHttpPort: 0, chainPort: 0 }
  const stack = await startStack({ ...ports, dataFolder, provider: false, ...options })
  const browser = await launchBrowser()
  let relay = stack.relay
  return {
    stack,
    browser,
    async openTab(place, prepare) {
      const context = await browser.newContext()
      await prepare?.(context)
      const page = await context.newPage()
      await page.goto(new URL(`#/${place}`, stack.url).href)
      return page
    },
    async restartRelay() {
      const port = Number(/\/tcp\/(\d+)\//.exec(relay.multiaddrs[0] ?? '')?.[1])
      await relay.stop()
      relay = await startLocalRelay({ network: stack.network, dataDir: join(dataFolder, 'relay'), port })
    },
    async close() {
      await browser.close()
      if (relay !== stack.relay) await relay.stop()
      await stack.stop()
      await rm(dataFolder, { recursive: true, force: true })
    },
  }
}

/** Presses Start sharing and waits until the offer is out. */
export async function startSharing(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start sharing' }).click()
  const status = page.getByRole('status', { name: 'Sharing status' })
  await status.getByText('Online').waitFor({ timeout: 150_000 })
}

/** What is set under Settings before the prompt is sent. */
export type Asked = { temperature?: number; maxTokens?: number; seed?: number }

/** Sets what is given under Settings, types the prompt, and sends it once its price is shown. */
export async function sendPrompt(page: Page, prompt: string, asked: Asked = {}): Promise<void> {
  const temperature = page.getByRole('spinbutton', { name: 'Temperature' })
  if (!(await temperature.isVisible())) await page.getByText('Settings', { exact: true }).click()
  for (const [name, value] of [
    ['Temperature', asked.temperature],
    ['Max tokens', asked.maxTokens],
    ['Seed', asked.seed],
  ] as const) {
    if (value !== undefined) await page.getByRole('spinbutton', { name }).fill(String(value))
  }
  await page.getByRole('textbox', { name: 'Prompt' }).fill(prompt)
  // Nobody is asked at a price that was not shown.
  await page.locator('.terms', { hasText: 'an answer' }).waitFor({ timeout: 60_000 })
  await page.getByRole('button', { name: 'Send' }).click()
}

/** Finished answers on the page. */
export const articles = (page: Page) => page.getByRole('log', { name: 'Conversation' }).getByRole('article')

/** Waits until an answer has streamed some tokens. */
export async function streaming(page: Page, tokens: number): Promise<void> {
  const running = page.getByRole('log', { name: 'Conversation' }).getByRole('group').last()
  const streamed = async () => Number(/(\d+) tokens/.exec(await running.innerText())?.[1] ?? 0)
  await expect.poll(streamed, { timeout: 60_000 }).toBeGreaterThan(tokens)
}

/** Waits for the nth finished answer of this chat, the `kept`th of all, and returns it as the page keeps it. */
export async function finishedAnswer(page: Page, count = 1, kept = count): Promise<Answer> {
  await expect.poll(() => articles(page).count(), { timeout: 120_000 }).toBe(count)
  await expect.poll(async () => (await keptAnswers(page)).length, { timeout: 60_000 }).toBe(kept)
  return (await keptAnswers(page)).at(-1)!
}

/** Reads the answers that the page keeps in its history. */
export async function keptAnswers(page: Page): Promise<Answer[]> {
  return page.evaluate(async () => {
    const done = <value>(request: IDBRequest<value>) =>
      new Promise<value>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
    const database = await done(indexedDB.open('opentab'))
    const entries = await done(
      database
        .transaction('documents')
        .objectStore('documents')
        .getAll(IDBKeyRange.bound(['history'], ['history', []])),
    )
    database.close()
    return (entries as { kind: string; answer: never }[])
      .filter(({ kind }) => kind === 'answer')
      .map(({ answer }) => answer)
  })
}

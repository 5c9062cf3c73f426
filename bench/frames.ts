import type { BrowserContext, Page } from 'playwright-core'
import { articles, openStack, sendPrompt, startSharing } from '../tests/e2e/tabs.ts'
import { type Bench, type Figures, compare } from './measurement.ts'
import { watchPageTasks } from './page-tasks.ts'

/** A page's frame that waits longer is noticed. */
const mostTaskMs = 50
const answerTokens = 96
const patienceMs = 150_000

/**
 * The longest task of the market's own pages: one opens, downloads and prepares the model, sells an answer to another, and
 * lends the model's bytes to a third.
 */
export const framesBench: Bench = {
  names: ['frames'],
  async run({ rounds }) {
    const figures: Figures = { ours: [], rival: [] }
    for (let round = 0; round < rounds; round++) {
      figures.ours.push(1000 / (await longestTaskMs()))
      figures.rival.push(1000 / mostTaskMs)
    }
    return [compare('frames', 'tasks/s', `tasks of ${mostTaskMs} ms`, figures, 1)]
  },
}

async function longestTaskMs(): Promise<number> {
  const world = await openStack()
  try {
    const tasks = await watchPageTasks(world.browser)
    const provider = await world.openTab('share')
    await startSharing(provider)
    const requester = await world.openTab('ask')
    await sendPrompt(requester, 'Tell me a long story.', { temperature: 0, maxTokens: answerTokens })
    await articles(requester).first().waitFor({ timeout: patienceMs })
    await startSharing(await world.openTab('share', refuseModelFiles))
    await requireLent(provider)
    return await tasks.longestMs(world.stack.url)
  } finally {
    await world.close()
  }
}

/** No server gives the model: its bytes come from another tab. */
const refuseModelFiles = (context: BrowserContext) =>
  context.route(/\.gguf$/, (route) => route.fulfill({ status: 404 }))

/** @throws Error where no other tab got bytes of this one: then something else was measured */
async function requireLent(page: Page): Promise<void> {
  const lent = await page.getByRole('status', { name: 'Bytes lent' }).innerText()
  if (/page was opened: 0(\.0)? MB sent/.test(lent)) throw new Error(`Nothing was lent. ${lent}`)
}

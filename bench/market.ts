import type { Page } from 'playwright-core'
import { moduleIn, openHarness } from '../tests/browser/harness.ts'
import { articles, openStack, sendPrompt } from '../tests/e2e/tabs.ts'
import type * as EnginePage from './engine-page.ts'
import { type Bench, compare } from './measurement.ts'
import { say } from './prompts.ts'
import { modelFolder } from './rivals.ts'
import { decodeSpeed, startSpeed } from './stopwatch.ts'

const maxTokens = 96

type Streamed = { firstTokenMs: number; tokensPerSecond: number }

/**
 * An answer bought from another tab, from the click on Send to what the page shows, against the same engine
 * without a market around it in the same browser. The first answer, which dials and pays in, is not counted.
 */
export const marketBench: Bench = {
  names: ['market-throughput', 'time-to-first-token'],
  async run({ rounds }) {
    const world = await openStack({ provider: true })
    const harness = await openHarness()
    try {
      const requester = await world.openTab('ask')
      const context = await world.browser.newContext()
      const bare = moduleIn<typeof EnginePage>(await harness.openPage(context), 'bench/engine-page.ts')
      await bare.call('loadEngine', modelFolder)
      await askAndWatch(requester, prompt(0), 1)
      const speed = { ours: [] as number[], rival: [] as number[] }
      const start = { ours: [] as number[], rival: [] as number[] }
      for (let round = 1; round <= rounds; round++) {
        const bought = await askAndWatch(requester, prompt(round), round + 1)
        const alone = await bare.call('askEngine', say(prompt(round)), maxTokens)
        speed.ours.push(bought.tokensPerSecond)
        speed.rival.push(decodeSpeed(alone))
        start.ours.push(1000 / bought.firstTokenMs)
        start.rival.push(startSpeed(alone))
      }
      return [
        compare('market-throughput', 'tokens/s', 'bare engine', speed),
        compare('time-to-first-token', 'starts/s', 'bare engine', start),
      ]
    } finally {
      await harness.close()
      await world.close()
    }
  },
}

const prompt = (round: number) => `Tell me a long story about lighthouse number ${round}.`

async function askAndWatch(page: Page, question: string, answers: number): Promise<Streamed> {
  const watched = page.evaluate(watchStreaming)
  await sendPrompt(page, question, { temperature: 0, maxTokens })
  const streamed = await watched
  await articles(page)
    .nth(answers - 1)
    .waitFor()
  return streamed
}

/** Runs in the page: follows the token count that the running answer shows, until the answer is finished. */
function watchStreaming(): Promise<Streamed> {
  const log = document.querySelector('[role=log]')!
  const finishedBefore = log.querySelectorAll('[role=article]').length
  let sentMs = 0
  document.addEventListener('click', () => (sentMs = performance.now()), { capture: true })
  const shown: { atMs: number; tokens: number }[] = []
  return new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      const running = [...log.querySelectorAll<HTMLElement>('[role=group]')].at(-1)
      const tokens = Number(/(\d+) tokens?/.exec(running?.innerText ?? '')?.[1] ?? 0)
      if (tokens > (shown.at(-1)?.tokens ?? 0)) shown.push({ atMs: performance.now(), tokens })
      if (log.querySelectorAll('[role=article]').length === finishedBefore) return
      observer.disconnect()
      const [first, last] = [shown[0]!, shown.at(-1)!]
      const tokensPerSecond = ((last.tokens - first.tokens) / (last.atMs - first.atMs)) * 1000
      resolve({ firstTokenMs: first.atMs - sentMs, tokensPerSecond })
    })
    observer.observe(log, { childList: true, characterData: true, subtree: true })
  })
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { moduleIn, type PageModule } from '../tests/browser/harness.ts'
import { launchProfile } from '../tools/find-browser.ts'
import type * as LoadPage from './load-page.ts'
import { type Bench, compare, type Figures, type Measurement } from './measurement.ts'
import { type PageMemory, settledMs, watchPageMemory } from './page-memory.ts'
import { serveBuilt } from './serve-built.ts'

/** What the project allows itself, in seconds. */
const mostPrepareSeconds = 1.5
const mostPreparedLoadSeconds = 1
/** Prepared weights of the embedded model. */
const preparedBytes = 136.5e6

/** Some seconds after a program was compiled, browsers keep it for later visits. */
const keptAfterMs = 5_000

const names = ['load-first', 'load-prepared', 'prepare', 'prepare-memory']

type Name = (typeof names)[number]

/** The embedded model's first load and its later ones, with one thread, in a browser that keeps its files on disk. */
export const loadBench: Bench = {
  names,
  async run({ rounds }) {
    const figures = Object.fromEntries(names.map((name): [Name, Figures] => [name, { ours: [], rival: [] }]))
    const served = await serveBuilt('built-load.html')
    try {
      for (let round = 0; round < rounds; round++) await measureRound(figures, served.url)
    } finally {
      await served.close()
    }
    const against = (name: Name, unit: string, rivalName: string, goal?: number): Measurement =>
      compare(name, unit, rivalName, figures[name]!, goal)
    return [
      against('load-first', 'loads/s', 'prepared'),
      against('load-prepared', 'loads/s', `${mostPreparedLoadSeconds} s`, 1),
      against('prepare', 'times/s', `${mostPrepareSeconds} s`, 1),
      against('prepare-memory', 'models/GB', 'twice the prepared size', 1),
    ].filter(({ ours }) => Number.isFinite(ours))
  },
}

/** Loads the model in a new profile, then in a later visit; and in another, where it is prepared once all of it is there. */
async function measureRound(figures: Record<Name, Figures>, url: string): Promise<void> {
  const add = (name: Name, ours: number, rival: number) => {
    figures[name]!.ours.push(ours)
    figures[name]!.rival.push(rival)
  }
  await inNewProfile(url, async ({ page, visit }) => {
    const first = await page.call('load', 1)
    await setTimeout(keptAfterMs)
    const later = await (await visit()).call('load', 1)
    add('load-first', 1 / seconds(first.whole), 1 / seconds(later.whole))
    add('load-prepared', 1 / seconds(later.whole), 1 / mostPreparedLoadSeconds)
  })
  await inNewProfile(url, async ({ page, memory }) => {
    await page.call('bring')
    await memory.settle()
    const { whole, stages } = await page.call('loadBrought')
    add('prepare', 1 / seconds(stages.prepare!), 1 / mostPrepareSeconds)
    const { fromMs, toMs } = stages.prepare!
    const grownBytes =
      memory.mostBetween(fromMs, toMs) - memory.mostBetween(whole.fromMs - settledMs, whole.fromMs)
    add('prepare-memory', 1e9 / grownBytes, 1e9 / (2 * preparedBytes))
  })
}

type Visited = {
  page: PageModule<typeof LoadPage>
  memory: PageMemory
  /** Closes the page, and opens it again. */
  visit(): Promise<PageModule<typeof LoadPage>>
}

async function inNewProfile(url: string, measure: (visited: Visited) => Promise<void>): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), 'opentab-bench-'))
  const context = await launchProfile(profile)
  try {
    const open = async () => {
      const page = await context.newPage()
      await page.goto(url)
      await page.waitForFunction(() => 'callExport' in globalThis)
      return page
    }
    const inPage = (page: Page) => moduleIn<typeof LoadPage>(page, 'bench/load-page.ts')
    const first = await open()
    const memory = await watchPageMemory(first)
    const visit = async () => {
      const page = await open()
      await first.close()
      return inPage(page)
    }
    await measure({ page: inPage(first), memory, visit }).finally(memory.stop)
  } finally {
    await context.close()
    await rm(profile, { recursive: true, force: true })
  }
}

const seconds = ({ fromMs, toMs }: LoadPage.Span) => (toMs - fromMs) / 1000

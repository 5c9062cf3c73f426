import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaultSampler } from '../../src/domain/job.ts'
import type { GenerateRequest } from '../../src/ports/engine.ts'
import type { Goldens } from '../../tools/model-check/goldens.ts'
import { createDraw, drawRequests } from '../fixtures/llama/random-schedule.ts'
import { type Harness, moduleIn, openHarness, type PageModule } from './harness.ts'
import type * as ThreadsPage from './threads-page.ts'

// The tiny models are so narrow that the runtime may leave their products to one thread. This one's are split.
const embedded = '/models/smollm2-135m-instruct'
const goldensFile = new URL('../fixtures/goldens/smollm2-135m-instruct.json', import.meta.url)
const { prompts } = JSON.parse(await readFile(goldensFile, 'utf8')) as Goldens

const tokenIds = prompts.find(({ prompt_ids: ids }) => ids.length > 150)!.prompt_ids.slice(0, 150)
/** Two of them greedy, two drawn; of lengths that let them join and leave one another's steps. */
const requests = prompts.slice(0, 4).map(({ prompt_ids: promptIds }, index): GenerateRequest => ({
  promptIds,
  sampler: { ...defaultSampler, temperature: index < 2 ? 0 : 0.8 },
  seed: `0x${'7e'.repeat(16)}`,
  maxTokens: 8 + 2 * index,
  stop: [],
}))

/** Quick enough for many answers. Steps of several rows have work for every thread even here. */
const tiny = '/tests/fixtures/tiny-llama'
const joins = 300

let harness: Harness
let page: PageModule<typeof ThreadsPage>
beforeAll(async () => {
  harness = await openHarness()
  page = moduleIn(await harness.openPage(), 'tests/browser/threads-page.ts')
})
afterAll(() => harness?.close())

test('the embedded model has the same bits on one thread, on two and on four, alone and beside others', async () => {
  const [one, two, four] = [
    await page.call('record', embedded, { tokenIds, requests, threads: 1 }),
    await page.call('record', embedded, { tokenIds, requests, threads: 2 }),
    await page.call('record', embedded, { tokenIds, requests, threads: 4 }),
  ]
  expect([one, two, four].map(({ threadsStarted }) => threadsStarted)).toEqual([0, 1, 3])
  expect(new Set(one.logits).size).toBe(tokenIds.length)
  for (const { logits } of one.alone.answers) expect(logits.length).toBeGreaterThan(6)
  for (const { logits, alone, together } of [one, two, four]) {
    expect(logits).toEqual(one.logits)
    expect(alone.answers).toEqual(one.alone.answers)
    expect(together.answers).toEqual(one.alone.answers)
    // They did share steps.
    expect(together.steps).toBeLessThan(alone.steps)
  }
}, 600_000)

test('whoever joins, leaves, cancels and guesses at random has the same bits on several threads as alone on one', async () => {
  const scheduled = drawRequests(createDraw(43))
  const alone = await page.call('answerAlone', tiny, { requests: scheduled, threads: 1 })
  for (const { threads, seed } of [
    { threads: 2, seed: 53 },
    { threads: 4, seed: 61 },
  ]) {
    const schedule = { requests: scheduled, alone, joins, seed, threads }
    const { wrong, ends, reused, threadsStarted } = await page.call('runSchedule', tiny, schedule)
    expect(wrong).toEqual([])
    expect(threadsStarted).toBe(threads - 1)
    expect(Math.min(ends.whole, reused)).toBeGreaterThan(joins / 2)
    expect(Math.min(ends.left, ends.cancelled)).toBeGreaterThan(joins / 20)
  }
}, 180_000)

import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaultSampler } from '../../src/domain/job.ts'
import type { GenerateRequest } from '../../src/ports/engine.ts'
import type { Goldens } from '../../tools/model-check/goldens.ts'
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
  maxTokens: 12 + 4 * index,
  stop: [],
}))

let harness: Harness
let page: PageModule<typeof ThreadsPage>
beforeAll(async () => {
  harness = await openHarness()
  page = moduleIn(await harness.openPage(), 'tests/browser/threads-page.ts')
})
afterAll(() => harness?.close())

test('the embedded model has the same bits on one thread, on two and on four, alone and beside others', async () => {
  const alone = await page.call('record', embedded, { tokenIds, requests, together: false, threads: 1 })
  expect(alone.threadsStarted).toBe(0)
  expect(new Set(alone.logits).size).toBe(tokenIds.length)
  for (const { logits } of alone.answers) expect(logits.length).toBeGreaterThan(6)
  for (const threads of [1, 2, 4]) {
    const recorded = await page.call('record', embedded, { tokenIds, requests, together: true, threads })
    const { logits, answers, steps, threadsStarted } = recorded
    expect({ logits, answers }).toEqual({ logits: alone.logits, answers: alone.answers })
    expect(threadsStarted).toBe(threads - 1)
    // They did share steps.
    expect(steps).toBeLessThan(alone.steps)
  }
}, 600_000)

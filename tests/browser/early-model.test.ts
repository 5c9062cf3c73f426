import { afterAll, beforeAll, expect, test } from 'vitest'
import type * as EarlyModelPage from './early-model-page.ts'
import { type Harness, moduleIn, openHarness } from './harness.ts'

let harness: Harness

beforeAll(async () => {
  harness = await openHarness()
})

afterAll(() => harness.close())

test('a model is prepared while its last piece is still missing; later only its beginning is read, unless that is gone', async () => {
  const page = moduleIn<typeof EarlyModelPage>(await harness.openPage(), 'tests/browser/early-model-page.ts')
  const [first, later, forgotten] = await page.call('loadAgain')
  expect(first).toMatchObject({ fromCache: false })
  expect(first!.begunAt).toBeGreaterThan(0)
  expect(later).toMatchObject({ fromCache: true })
  expect(forgotten).toMatchObject({ fromCache: false })
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Route } from 'playwright-core'
import { type Harness, moduleIn, openHarness } from './harness.ts'

const tiny = '/tests/fixtures/tiny-llama'
const tokenIds = Array.from({ length: 20 }, (_, i) => (i * 37 + 11) % 269)

let harness: Harness

beforeAll(async () => {
  harness = await openHarness()
})

afterAll(() => harness.close())

/** The engine in a browser whose requests for programs are answered so. */
async function openEngine(answer: (route: Route) => Promise<void>) {
  const context = await harness.newContext()
  await context.route(/\.wasm$/, answer)
  const page = await harness.openPage(context)
  return moduleIn<typeof import('./engine-page.ts')>(page, 'tests/browser/engine-page.ts')
}

test('a host that serves programs under another type has them compiled from their bytes, to the same bits', async () => {
  const types: string[] = []
  const distributionsFrom = async (type: string) => {
    const engine = await openEngine(async (route) => {
      const response = await route.fetch()
      types.push(type)
      await route.fulfill({ response, headers: { ...response.headers(), 'content-type': type } })
    })
    await engine.call('load', tiny, ['wasm'])
    return engine.call('distributions', tokenIds, 5, 5)
  }
  const expected = await distributionsFrom('application/wasm')
  expect(await distributionsFrom('application/octet-stream')).toEqual(expected)
  // Compiled as it came, it came once.
  expect(types.filter((type) => type === 'application/wasm')).toHaveLength(1)
})

test('a program that cannot be had, or is none, fails the load by that name', async () => {
  const absent = await openEngine((route) => route.abort())
  await expect(absent.call('load', tiny, ['wasm'])).rejects.toMatchObject({ code: 'engine/load-failed' })
  const broken = await openEngine((route) =>
    route.fulfill({ contentType: 'application/wasm', body: Buffer.from([0, 0x61, 0x73, 0x6d, 9, 9, 9, 9]) }),
  )
  await expect(broken.call('load', tiny, ['wasm'])).rejects.toMatchObject({ code: 'engine/load-failed' })
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { allChecks, check, copyTinyModel } from '../fixtures/checked-model.ts'

let tiny: Awaited<ReturnType<typeof copyTinyModel>>
beforeAll(async () => {
  tiny = await copyTinyModel()
})
afterAll(() => tiny.remove())

test.each([
  [['--browser'], 'wasm-int8-6'],
  [['--browser', '--float'], 'wasm-float-4'],
  [['--backend', 'webgpu'], 'webgpu-q8-3'],
])('npm run model:check runs a model in a browser with %j', async (options, arithmetic) => {
  const found = await check(tiny.folder, ...options)
  expect(found).toMatchObject({ ok: true, passed: allChecks })
  expect(found.lineOf('load')).toBe(`computes as ${arithmetic} in a browser`)
})

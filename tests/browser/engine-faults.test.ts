import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultSampler } from '../../src/domain/job.ts'
import type { Backend, GenerateRequest } from '../../src/ports/engine.ts'
import type { Fault } from './engine-faults-page.ts'
import { type Harness, moduleIn, openHarness } from './harness.ts'

const tiny = '/tests/fixtures/tiny-llama'
const request: GenerateRequest = {
  promptIds: Array.from({ length: 40 }, (_, index) => (index * 37 + 11) % 269),
  sampler: { ...defaultSampler, temperature: 0.8 },
  seed: `0x${'5eed'.repeat(8)}`,
  maxTokens: 40,
  stop: [],
}

const engineIn = (page: Page) =>
  moduleIn<typeof import('./engine-faults-page.ts')>(page, 'tests/browser/engine-faults-page.ts')

let harness: Harness
let page: Page
const open = async (softwareWebGpu: boolean) => {
  harness = await openHarness({ softwareWebGpu })
  page = await harness.openPage()
}
const engine = () => engineIn(page)

/** Streams the same answer undisturbed and through faults; returns what came through them, and the slots before. */
async function compare(
  backends: Backend[],
  faults: { fault: Fault; afterTokens: number }[],
  stallMs?: number,
) {
  const { slots: slotsBefore } = await engine().call('load', tiny, backends, stallMs)
  const whole = await engine().call('answer', request)
  const disturbed = await engine().call('answer', request, faults)
  expect(disturbed).toMatchObject({ error: null, givenUpFor: [] })
  const { tokenIds, text, finishReason } = whole
  expect(disturbed).toMatchObject({ tokenIds, text, finishReason })
  return { ...disturbed, slotsBefore }
}

describe('on the processor an answer goes on from its tokens, bit by bit,', () => {
  beforeAll(() => open(false))
  afterAll(() => harness?.close())

  test.each([
    ['when its worker fails', 'throws'],
    ['when its worker ends without a word', 'closes'],
    ['when its worker hangs', 'hangs'],
    ['when its memory runs out', 'has-no-memory'],
  ] as const)('%s', async (_, fault) => {
    const { workersStarted } = await compare(['wasm'], [{ fault, afterTokens: 12 }], 8_000)
    expect(workersStarted).toBe(2)
  })

  test('beside others', async () => {
    const seeds = ['01', '02', '03'].map((byte) => `0x${byte.repeat(16)}` as const)
    const requests = seeds.map((seed) => ({ ...request, seed }))
    await engine().call('load', tiny, ['wasm'])
    const whole = await engine().call('answerTogether', requests)
    const faults = [
      { fault: 'throws', afterTokens: 10 },
      { fault: 'throws', afterTokens: 24 },
    ] as const
    const disturbed = await engine().call('answerTogether', requests, [...faults])
    expect(disturbed.map(({ error }) => error)).toEqual([null, null, null])
    expect(disturbed.map(({ tokenIds }) => tokenIds)).toEqual(whole.map(({ tokenIds }) => tokenIds))
    expect(disturbed[0]!.workersStarted).toBe(3)
  })

  test('or is handed back with what it is lost of, and the model is there for the next', async () => {
    await engine().call('load', tiny, ['wasm'])
    const faults = [5, 17, 29].map((afterTokens) => ({ fault: 'has-no-memory' as const, afterTokens }))
    const lost = await engine().call('answer', request, faults)
    expect(lost.error?.code).toBe('engine/out-of-memory')
    expect(lost.error?.shortMessage).toContain(`is kept: ${lost.tokenIds.length} tokens.`)
    const { workersStarted, ...next } = await engine().call('answer', request)
    expect(workersStarted).toBe(4)
    expect(next).toMatchObject({ error: null, finishReason: 'length', givenUpFor: [] })
    expect(next.tokenIds.slice(0, lost.tokenIds.length)).toEqual(lost.tokenIds)
  })

  test('after the tab is reloaded the model is ready without being prepared, and answers the same', async () => {
    await engine().call('load', tiny, ['wasm'])
    const { tokenIds } = await engine().call('answer', request)
    await page.reload()
    await page.waitForFunction(() => 'callExport' in globalThis)
    expect(await engine().call('load', tiny, ['wasm'])).toMatchObject({ fromCache: true })
    expect((await engine().call('answer', request)).tokenIds).toEqual(tokenIds)
  })
})

test('a model for which WebAssembly gets no memory is refused by that name, and a smaller one loads', async () => {
  harness = await openHarness({ args: ['--js-flags=--wasm-max-mem-pages=2000'] })
  page = await harness.openPage()
  await expect(engine().call('load', '/models/smollm2-135m-instruct', ['wasm'])).rejects.toMatchObject({
    code: 'engine/out-of-memory',
  })
  expect(await engine().call('load', tiny, ['wasm'])).toMatchObject({ backend: 'wasm' })
  await harness.close()
})

describe('on a GPU an answer goes on from its tokens', () => {
  beforeAll(() => open(true))
  afterAll(() => harness?.close())

  test('when its device is lost', async () => {
    const faults = [{ fault: 'loses-device', afterTokens: 12 }] as const
    const { workersStarted, loaded } = await compare(['webgpu', 'wasm'], [...faults])
    expect([workersStarted, loaded?.backend]).toEqual([2, 'webgpu'])
  })

  test('when its memory runs out, and fewer run beside one another from then on', async () => {
    const faults = [{ fault: 'gpu-has-no-memory', afterTokens: 12 }] as const
    const { workersStarted, loaded, slotsBefore } = await compare(['webgpu', 'wasm'], [...faults])
    expect([workersStarted, slotsBefore]).toEqual([2, 8])
    expect(loaded).toMatchObject({ backend: 'webgpu', slots: 4 })
  })

  test('or is handed back by that name when its memory runs out again and again', async () => {
    const { slots } = await engine().call('load', tiny, ['webgpu', 'wasm'])
    const faults = [5, 17, 29].map((afterTokens) => ({ fault: 'gpu-has-no-memory' as const, afterTokens }))
    const lost = await engine().call('answer', request, faults)
    expect(lost.error?.code).toBe('engine/out-of-memory')
    expect(lost.error?.shortMessage).toContain('The GPU has too little memory for this model.')
    expect(lost.error?.shortMessage).toContain(`is kept: ${lost.tokenIds.length} tokens.`)
    const { workersStarted, loaded, ...next } = await engine().call('answer', request)
    expect(workersStarted).toBe(4)
    expect(loaded).toMatchObject({ backend: 'webgpu', slots: Math.max(1, Math.floor(slots / 8)) })
    expect(next).toMatchObject({ error: null, finishReason: 'length', givenUpFor: [] })
    expect(next.tokenIds.slice(0, lost.tokenIds.length)).toEqual(lost.tokenIds)
  })

  test('and a model for which it has no memory is computed by the processor, and the reason tells', async () => {
    const loaded = await engine().call('load', tiny, ['webgpu', 'wasm'], 60_000, 'gpu-has-no-memory')
    expect(loaded.backend).toBe('wasm')
    expect(loaded.reason).toBe(
      'webgpu failed: The GPU has too little memory for this model. The caller chose.',
    )
  })

  test('when the GPU process is killed', async () => {
    await engine().call('load', tiny, ['webgpu', 'wasm'])
    const whole = await engine().call('answer', request)
    const answering = engine().call('answer', request)
    await expect.poll(() => engine().call('tokensHeard'), { timeout: 60_000 }).toBeGreaterThan(4)
    await killGpuProcess(page)
    const disturbed = await answering
    expect(disturbed).toMatchObject({ error: null, tokenIds: whole.tokenIds, workersStarted: 2 })
    expect(disturbed.loaded?.backend).toBe('webgpu')
  })
})

async function killGpuProcess(page: Page): Promise<void> {
  const session = await page.context().browser()!.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const gpu = processInfo.find(({ type }) => type === 'GPU')
  process.kill(gpu!.id, 'SIGKILL')
}

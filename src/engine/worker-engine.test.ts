import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FakeWorker } from '../../tests/fixtures/fake-worker.ts'
import { deaths, type Fate, type MortalFacts, openMortalWorker } from '../../tests/fixtures/mortal-worker.ts'
import { defaultSampler } from '../domain/job.ts'
import type { Engine, EngineProbe, GenerateRequest, TokenEvent } from '../ports/engine.ts'
import { createMemoryModel, encodeByteChat } from './memory-model.ts'
import { createWorkerEngine } from './worker-engine.ts'

const request = (change: Partial<GenerateRequest> = {}): GenerateRequest => ({
  promptIds: encodeByteChat([{ role: 'user', content: 'Tell me something.' }]),
  sampler: defaultSampler,
  seed: `0x${'5eed'.repeat(8)}`,
  maxTokens: 40,
  stop: [],
  ...change,
})

/** An engine whose workers meet their fates one after the other; those after them live. */
async function loadMortal(fates: Fate[], facts: MortalFacts[] = []) {
  const workers: FakeWorker[] = []
  const engine = createWorkerEngine({
    openModelWorker() {
      const worker = openMortalWorker(fates[workers.length] ?? 'lives', facts[workers.length])
      workers.push(worker)
      return worker
    },
    openTextWorker: () =>
      new FakeWorker((message, self) => {
        if (message.kind === 'call')
          self.say({ kind: 'result', id: message.id, output: { embeddingWidth: 4 } })
      }),
    slots: 4,
    probe: async () => machine,
  })
  const given: Error[] = []
  engine.watchLost((error) => given.push(error))
  await engine.load(createMemoryModel())
  return { engine, workers, given }
}

const machine: EngineProbe = {
  ...{ webgpu: null, crossOriginIsolated: false, threads: 1, memoryBytes: null, storageBytes: null },
  ...{ backends: ['wasm'], reason: 'Only a test.' },
}

async function read(engine: Engine, wanted: GenerateRequest, signal?: AbortSignal) {
  const events: TokenEvent[] = []
  const answer = engine.generate(wanted, signal)
  for (let next = await answer.next(); ; next = await answer.next()) {
    if (next.done) return { events, result: next.value }
    events.push(next.value)
  }
}

/** Reads an answer that breaks off; returns what came, and why no more. */
async function readBroken(engine: Engine, wanted: GenerateRequest) {
  const events: TokenEvent[] = []
  try {
    for await (const event of engine.generate(wanted)) events.push(event)
  } catch (error) {
    return { events, error }
  }
  throw new Error('The answer came whole.')
}

const anyDeath = fc.record({ death: fc.constantFrom(...deaths), afterSteps: fc.integer({ min: 0, max: 50 }) })
const anyRequest = fc
  .record({
    temperature: fc.constantFrom(0, 0.8),
    maxTokens: fc.integer({ min: 0, max: 60 }),
    stop: fc.array(fc.constantFrom('a', 'th', '. '), { maxLength: 2 }),
    seed: fc.integer({ min: 0, max: 2 ** 31 }),
  })
  .map(({ temperature, seed, ...rest }) =>
    request({
      ...rest,
      sampler: { ...defaultSampler, temperature },
      seed: `0x${seed.toString(16).padStart(32, '0')}`,
    }),
  )

describe('when its worker is lost', () => {
  test('an answer is the same, event by event, wherever that happens, whatever it is lost of', async () => {
    const undisturbed = await loadMortal([])
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyDeath, { minLength: 1, maxLength: 2 }),
        anyRequest,
        async (fates, wanted) => {
          const { engine } = await loadMortal(fates)
          expect(await read(engine, wanted)).toEqual(await read(undisturbed.engine, wanted))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('all answers that run side by side go on', async () => {
    const { engine, workers } = await loadMortal([{ death: 'dies', afterSteps: 60 }])
    const undisturbed = await loadMortal([])
    const seeds = ['01', '02', '03', '04'].map((byte) => `0x${byte.repeat(16)}` as const)
    const answers = (of: Engine) => Promise.all(seeds.map((seed) => read(of, request({ seed }))))
    expect(await answers(engine)).toEqual(await answers(undisturbed.engine))
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, false])
  })

  test('of its memory, it comes back with half the slots; who finds none is handed back', async () => {
    const { engine } = await loadMortal([{ death: 'out-of-memory', afterSteps: 60 }])
    const seeds = ['01', '02', '03', '04'].map((byte) => `0x${byte.repeat(16)}` as const)
    const answers = await Promise.allSettled(seeds.map((seed) => read(engine, request({ seed }))))
    const broken = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as Error] : []))
    expect(broken).toMatchObject([{ code: 'engine/out-of-memory' }, { code: 'engine/out-of-memory' }])
    expect(engine.loaded?.slots).toBe(2)
    const again = await Promise.all([read(engine, request()), read(engine, request())])
    expect(again[0]).toEqual(again[1])
  })

  test('a recomputation is done again', async () => {
    const { engine, workers } = await loadMortal([{ death: 'fails-step', afterSteps: 0 }])
    const { promptIds, sampler, seed } = request()
    const { choices } = await engine.recompute({ promptIds, sampler, seed, tokenIds: [97, 98] })
    expect([choices.length, workers.length]).toEqual([2, 2])
  })

  test('an answer that loses every worker is handed back, and the model outlives it', async () => {
    const fates: Fate[] = [0, 1, 2].map(() => ({ death: 'out-of-memory', afterSteps: 10 }))
    const { engine, given } = await loadMortal(fates)
    const { events, error } = await readBroken(engine, request())
    expect(events).toHaveLength(30)
    expect(error).toMatchObject({
      code: 'engine/out-of-memory',
      shortMessage: 'The memory here is too small for this. What was made of the answer is kept: 30 tokens.',
    })
    expect((await read(engine, request())).events.length).toBeGreaterThan(10)
    expect(given).toEqual([])
  })

  test('an answer whose model does not come back says why', async () => {
    const { engine, given } = await loadMortal([
      { death: 'dies', afterSteps: 5 },
      'refuses-load',
      'refuses-load',
    ])
    const { events, error } = await readBroken(engine, request())
    expect(events).toHaveLength(5)
    expect(error).toMatchObject({ code: 'engine/worker-lost' })
    expect(given).toMatchObject([{ code: 'engine/out-of-memory' }])
    expect(engine.loaded).toBeNull()
  })

  test('an answer does not go on with other arithmetic', async () => {
    const { engine } = await loadMortal(
      [{ death: 'says-lost', afterSteps: 5 }],
      [{ arithmeticId: '0x01' }, { arithmeticId: '0x02' }],
    )
    const { error } = await readBroken(engine, request())
    expect(error).toMatchObject({ code: 'engine/device-lost' })
    expect(engine.loaded?.arithmeticId).toBe('0x02')
  })

  test('an answer that nobody wants any more ends at once', async () => {
    const { engine, workers } = await loadMortal([{ death: 'dies', afterSteps: 3 }])
    const cancel = new AbortController()
    const answer = engine.generate(request(), cancel.signal)
    for (let token = 0; token < 3; token++) await answer.next()
    const next = answer.next()
    while (!workers[0]!.terminated) await new Promise((resolve) => setTimeout(resolve))
    cancel.abort()
    expect(await next).toMatchObject({ done: true, value: { finishReason: 'cancelled' } })
  })

  test('who asks while it comes back, and changes their mind, does not wait for it', async () => {
    const { engine, workers } = await loadMortal([{ death: 'dies', afterSteps: 0 }, 'hangs-in-load'])
    const interrupted = read(engine, request())
    while (workers.length < 2) await new Promise((resolve) => setTimeout(resolve))
    const cancel = new AbortController()
    const next = engine.generate(request(), cancel.signal).next()
    const embedding = engine.embed([97, 98], cancel.signal)
    cancel.abort()
    expect(await next).toMatchObject({ done: true, value: { finishReason: 'cancelled' } })
    await expect(embedding).rejects.toMatchObject({ code: 'engine/cancelled' })
    workers[1]!.dispatchEvent(new Event('error'))
    const whole = await interrupted
    // No slot stayed theirs.
    const answers = [1, 2, 3, 4].map(() => read(engine, request()))
    for (const answer of answers) expect(await answer).toEqual(whole)
  })
})

describe('beside answers', () => {
  const { promptIds, sampler, seed } = request()
  const claim = { promptIds, sampler, seed, tokenIds: [97, 98] }

  test('a check takes no slot that a job was promised', async () => {
    const { engine } = await loadMortal([])
    const streams = [0, 1, 2, 3].map(() => engine.generate(request()))
    const checks = [engine.recompute(claim), engine.recompute(claim)]
    for (const stream of streams) expect((await stream.next()).done).toBe(false)
    for (const { choices } of await Promise.all(checks)) expect(choices).toHaveLength(2)
    for (const stream of streams) await stream.return({ finishReason: 'cancelled', text: '' })
  })

  test('a check that is not wanted any more leaves the line at once', async () => {
    const { engine } = await loadMortal([])
    const cancel = new AbortController()
    const done: string[] = []
    const running = engine.recompute(claim).then(() => done.push('running'))
    const waiting = engine.recompute(claim, cancel.signal)
    cancel.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'engine/cancelled' })
    expect(done).toEqual([])
    await running
  })

  test('a model that is unloaded meanwhile goes when the check is done, also when its worker is lost in it', async () => {
    const { engine, workers } = await loadMortal([{ death: 'fails-step', afterSteps: 0 }])
    const checking = engine.recompute(claim)
    await engine.unload()
    expect((await checking).choices).toHaveLength(2)
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, true])
    expect(engine.loaded).toBeNull()
  })
})

test('a wrong request is no loss', async () => {
  const { engine, workers } = await loadMortal([])
  await expect(engine.generate(request({ promptIds: [] })).next()).rejects.toMatchObject({
    code: 'engine/invalid-settings',
  })
  expect(workers).toHaveLength(1)
})

import { describe, expect, test, vi } from 'vitest'
import { FakeWorker } from '../../tests/fixtures/fake-worker.ts'
import { loadedFacts, startPlan } from '../../tests/fixtures/start-plan.ts'
import { EngineError, toWireError } from '../errors/index.ts'
import type { Backend } from '../ports/engine.ts'
import { ModelKeeper } from './model-keeper.ts'
import { defaultRecipes } from './graph/recipe.ts'
import type { LoadInput } from './worker/model-calls.ts'

type Behaviour = 'loads' | 'hangs' | EngineError

/** A keeper whose workers behave as told, one after the other; the last behaviour repeats. */
function keep(...behaviours: Behaviour[]) {
  const workers: FakeWorker[] = []
  const openWorker = () => {
    const behaviour = behaviours[Math.min(workers.length, behaviours.length - 1)]!
    const worker = new FakeWorker((message, self) => {
      if (message.kind !== 'call' || behaviour === 'hangs') return
      if (behaviour instanceof EngineError) {
        return self.say({
          kind: 'error',
          id: message.id,
          error: toWireError(behaviour, 'engine/load-failed'),
        })
      }
      if (message.name !== 'load') return self.say({ kind: 'result', id: message.id, output: undefined })
      const { recipe } = message.input as LoadInput
      const backend: Backend = recipe.startsWith('wasm') ? 'wasm' : 'webgpu'
      self.say({ kind: 'result', id: message.id, output: { backend, ...loadedFacts } })
    })
    workers.push(worker)
    return worker
  }
  return { workers, keeper: new ModelKeeper(openWorker, 50) }
}

const start = (keeper: ModelKeeper, signal?: AbortSignal) => keeper.start(startPlan, () => {}, signal)
const fail = (worker: FakeWorker | undefined) => worker?.dispatchEvent(new Event('error'))
const wrongAnswer = new EngineError('engine/known-answer-failed', 'This machine computes the model wrongly.')

describe('starting', () => {
  test('takes the first back end that works', async () => {
    const { keeper, workers } = keep('loads')
    expect(await start(keeper)).toMatchObject({ backend: 'webgpu', reason: 'The GPU computes.', slots: 2 })
    expect(workers).toHaveLength(1)
  })

  test('takes the next one when the known answer fails, in a fresh worker, and says why', async () => {
    const { keeper, workers } = keep(wrongAnswer, wrongAnswer, 'loads')
    const loaded = await start(keeper)
    expect(loaded.backend).toBe('wasm')
    expect(loaded.reason).toContain('webgpu failed: This machine computes the model wrongly.')
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, true, false])
  })

  test('tries shorter slices on WebGPU before the next back end', async () => {
    const { keeper, workers } = keep(wrongAnswer, 'loads')
    expect((await start(keeper)).backend).toBe('webgpu')
    const inputs = workers.map(({ received }) => received[0])
    expect(inputs).toMatchObject([{ input: { recipe: 'webgpu-q8-3' } }, { input: { sliceTokens: 8 } }])
  })

  test('takes the next one when a worker hangs', async () => {
    const { keeper, workers } = keep('hangs', 'loads')
    expect((await start(keeper)).backend).toBe('wasm')
    expect(workers[0]?.terminated).toBe(true)
  })

  test('fails with the last reason when no back end works', async () => {
    const { keeper } = keep(wrongAnswer)
    await expect(start(keeper)).rejects.toMatchObject({ code: 'engine/known-answer-failed' })
    expect(keeper.loaded).toBeNull()
  })

  test('does not try another back end for a model that none can run', async () => {
    const { keeper, workers } = keep(new EngineError('engine/unsupported-model', 'Tensors of type Q4_K.'))
    await expect(start(keeper)).rejects.toMatchObject({ code: 'engine/unsupported-model' })
    expect(workers).toHaveLength(1)
  })

  test('is cancelled at once, even while the worker hangs', async () => {
    const { keeper, workers } = keep('hangs')
    const cancel = new AbortController()
    const loading = start(keeper, cancel.signal)
    cancel.abort()
    await expect(loading).rejects.toMatchObject({ code: 'engine/cancelled' })
    expect(workers.map(({ terminated }) => terminated)).toEqual([true])
  })

  test('another model ends the start of the one before', async () => {
    const { keeper } = keep('hangs', 'loads')
    const first = start(keeper).catch((error: unknown) => error)
    expect((await start(keeper)).backend).toBe('webgpu')
    expect(await first).toMatchObject({ code: 'engine/busy' })
  })

  test('another model ends a start that waits for the rest of its own', async () => {
    const incomplete = new EngineError('engine/incomplete-model', 'Not all of it is here.')
    const rest = Promise.withResolvers<Blob[]>()
    const begun = { ...startPlan, model: { ...startPlan.model, files: [], whole: () => rest.promise } }
    const { keeper, workers } = keep(incomplete, 'loads')
    const first = keeper.start(begun, () => {}).catch((error: unknown) => error)
    await vi.waitFor(() => expect(workers[0]?.received).toHaveLength(1))
    fail(workers[0])
    const other = { ...startPlan, model: { ...startPlan.model, id: `0x${'22'.repeat(32)}` as const } }
    await keeper.start(other, () => {})
    rest.resolve(startPlan.model.files)
    expect(await first).toMatchObject({ code: 'engine/busy' })
    expect([keeper.loaded?.id, workers.length]).toEqual([other.model.id, 2])
  })
})

describe('a worker that is started early', () => {
  const input = { recipe: defaultRecipes.webgpu, threads: 1 }

  test('gets the model', async () => {
    const { keeper, workers } = keep('loads')
    keeper.warm(input)
    keeper.warm(input)
    await start(keeper)
    expect(workers).toHaveLength(1)
    expect(workers[0]!.received).toMatchObject([{ name: 'warm', input }, { name: 'load' }])
    fail(workers[0])
    expect((await keeper.live()).loaded.backend).toBe('webgpu')
  })

  test('is brought the parts of the model that it was started for, and of no other', async () => {
    const { keeper, workers } = keep('loads')
    const { id, manifest } = startPlan.model
    const part = { file: 0, start: 0, content: new Blob(['part']) }
    keeper.deliver(id, part)
    keeper.warm({ ...input, model: { id, manifest } })
    keeper.deliver(`0x${'77'.repeat(32)}`, part)
    keeper.deliver(id, part)
    await start(keeper)
    keeper.deliver(id, part)
    const called = workers[0]!.received.flatMap((message) => (message.kind === 'call' ? message.name : []))
    expect(called).toEqual(['warm', 'deliver', 'load'])
    expect(workers).toHaveLength(1)
  })

  test('goes where another is wanted, where nobody wants one any more, and where it fails', async () => {
    const { keeper, workers } = keep('loads', 'loads', 'loads', wrongAnswer, 'loads')
    keeper.warm({ ...input, threads: 4 })
    await start(keeper)
    keeper.stop()
    const cancel = new AbortController()
    keeper.warm(input, cancel.signal)
    cancel.abort()
    keeper.warm(input, cancel.signal)
    keeper.warm(input)
    await new Promise((resolve) => setTimeout(resolve))
    await start(keeper)
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, true, true, true, false])
  })

  test('stays with the model that it got when the download’s signal aborts', async () => {
    const { keeper, workers } = keep('loads')
    const cancel = new AbortController()
    keeper.warm(input, cancel.signal)
    await start(keeper)
    cancel.abort()
    expect([workers.length, workers[0]!.terminated]).toEqual([1, false])
  })

  test('that dies before its model comes is replaced by the load', async () => {
    const { keeper, workers } = keep('loads')
    keeper.warm(input)
    await new Promise((resolve) => setTimeout(resolve))
    fail(workers[0])
    await start(keeper)
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, false])
  })
})

describe('a lost worker', () => {
  test('is replaced; who asks meanwhile waits for the new one', async () => {
    const { keeper, workers } = keep('loads')
    await start(keeper)
    fail(workers[0])
    const live = await keeper.live()
    expect(live.loaded.backend).toBe('webgpu')
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, false])
  })

  test('comes back on the back end that it was on, which gets a second chance', async () => {
    const { keeper, workers } = keep(wrongAnswer, wrongAnswer, 'loads', wrongAnswer, 'loads')
    await start(keeper)
    fail(workers[2])
    expect((await keeper.live()).loaded.backend).toBe('wasm')
    expect(workers).toHaveLength(5)
  })

  test('that is back is told of, with the slots and the back end that it has now', async () => {
    const outOfMemory = new EngineError('engine/out-of-memory', 'The memory here is too small for this.')
    const { keeper, workers } = keep('loads', outOfMemory, outOfMemory, 'loads')
    const back: [string, number][] = []
    const unsubscribe = keeper.watchBack(({ backend, slots }) => back.push([backend, slots]))
    await start(keeper)
    workers[0]!.say({ kind: 'lost', error: toWireError(outOfMemory, 'engine/device-lost') })
    await keeper.live()
    expect(back).toEqual([['wasm', 1]])
    expect(workers.at(-1)!.received).toMatchObject([{ name: 'load', input: { memoryBytes: 0 } }])
    unsubscribe()
    fail(workers.at(-1))
    await keeper.live()
    expect(back).toHaveLength(1)
  })

  test('is given up, and everyone told, when it cannot be brought back', async () => {
    const { keeper, workers } = keep('loads', wrongAnswer)
    const lost: Error[] = []
    keeper.watchLost((error) => lost.push(error))
    await start(keeper)
    fail(workers[0])
    await expect(keeper.live()).rejects.toMatchObject({ code: 'engine/not-loaded' })
    expect(lost).toMatchObject([{ code: 'engine/known-answer-failed' }])
    expect(keeper.loaded).toBeNull()
  })

  test('is given up when it is lost again and again without a finished call', async () => {
    const { keeper, workers } = keep('loads')
    const lost: Error[] = []
    const unsubscribe = keeper.watchLost((error) => lost.push(error))
    await start(keeper)
    for (let loss = 0; loss < 4; loss++) {
      fail(workers.at(-1))
      await keeper.live().catch(() => undefined)
    }
    expect([lost.length, keeper.loaded]).toEqual([1, null])
    unsubscribe()
  })

  test('that works in between is replaced as often as needed', async () => {
    const { keeper, workers } = keep('loads')
    await start(keeper)
    for (let loss = 0; loss < 5; loss++) {
      fail(workers.at(-1))
      await keeper.live()
      keeper.markWorking()
    }
    expect(keeper.loaded).not.toBeNull()
  })

  test('keeps to its share of the time, and so does what replaces it', async () => {
    const { keeper, workers } = keep('loads')
    const shares = () =>
      workers.map(({ received }) =>
        received.flatMap((message) =>
          message.kind === 'call' && message.name === 'throttle' ? [message.input] : [],
        ),
      )
    await start(keeper)
    keeper.throttle(0.5)
    fail(workers[0])
    await keeper.live()
    keeper.throttle(1)
    expect(shares()).toEqual([[0.5], [0.5, 1]])
  })
})

import { expect, test } from 'vitest'
import { FakeWorker } from '../../tests/fixtures/fake-worker.ts'
import { loadedFacts, startPlan } from '../../tests/fixtures/start-plan.ts'
import { EngineError, StorageError, toWireError } from '../errors/index.ts'
import type { VerifiedModel } from '../ports/engine.ts'
import { defaultRecipes } from './graph/recipe.ts'
import { type StartPlan, startModel } from './start-model.ts'
import { CallChannel } from './worker/call-channel.ts'
import type { LoadInput, ModelCalls } from './worker/model-calls.ts'

const whole = startPlan.model

type Options = Partial<StartPlan> & { over?: AbortController; facts?: typeof loadedFacts }

/** Starts a model in workers without a GPU that load no beginning of a model. */
function start(model: VerifiedModel, options: Options = {}) {
  const { over = new AbortController(), facts = loadedFacts, ...planned } = options
  const workers: FakeWorker[] = []
  const openChannel = () => {
    const worker = new FakeWorker((message, self) => {
      if (message.kind !== 'call') return
      const { recipe, model } = message.input as LoadInput
      const refuse = (error: EngineError) =>
        self.say({ kind: 'error', id: message.id, error: toWireError(error, 'engine/load-failed') })
      if (recipe === defaultRecipes.webgpu)
        return refuse(new EngineError('engine/load-failed', 'No adapter.'))
      if (model.files.length === 0)
        return refuse(new EngineError('engine/incomplete-model', 'Not all is here.'))
      self.say({ kind: 'result', id: message.id, output: { backend: 'wasm', ...facts } })
    })
    workers.push(worker)
    return new CallChannel<ModelCalls>(worker, { stallMs: 50 })
  }
  const plan: StartPlan = { ...startPlan, backends: ['wasm'], ...planned, model }
  return { workers, starting: startModel(plan, openChannel, () => {}, over.signal) }
}

test('the rest of a model is brought once, and only to a worker that needs it', async () => {
  let brought = 0
  const begun = { ...whole, files: [], whole: async () => (brought++, whole.files) }
  const { workers, starting } = start(begun, { backends: ['webgpu', 'wasm'] })
  expect((await starting).loaded).toMatchObject({ backend: 'wasm' })
  expect(brought).toBe(1)
  const received = workers.map(({ received }) => received)
  expect(received).toMatchObject([
    [{ input: { model: { files: [] } } }],
    [{ input: { model: { files: [] } } }, { input: { model: { files: whole.files } } }],
  ])

  const unneeded = start({ ...begun, files: whole.files })
  await unneeded.starting
  expect([brought, unneeded.workers[0]!.received.length]).toEqual([1, 1])
})

test('its worker is told how much memory there is', async () => {
  const { workers, starting } = start(whole, { memoryBytes: 2 ** 33 })
  await starting
  expect(workers[0]!.received).toMatchObject([{ name: 'load', input: { memoryBytes: 2 ** 33 } }])
})

test('it fails as the store does where the rest cannot be brought', async () => {
  const failing = () => Promise.reject(new StorageError('storage/source-failed', 'No server has it.'))
  const { workers, starting } = start({ ...whole, files: [], whole: failing })
  await expect(starting).rejects.toMatchObject({ code: 'storage/source-failed' })
  expect(workers.map(({ terminated }) => terminated)).toEqual([true])
  await expect(start({ ...whole, files: [] }).starting).rejects.toMatchObject({
    code: 'engine/incomplete-model',
  })
})

test.each([
  ['brings the rest at last', (rest: PromiseWithResolvers<Blob[]>) => rest.resolve(whole.files)],
  ['fails', (rest: PromiseWithResolvers<Blob[]>) => rest.reject(new DOMException('The disk is gone.'))],
])('a start that is over opens no further worker, also where the store %s', async (_name, settle) => {
  const over = new AbortController()
  const rest = Promise.withResolvers<Blob[]>()
  const asked = Promise.withResolvers<AbortSignal | undefined>()
  const bring = (signal?: AbortSignal) => (asked.resolve(signal), rest.promise)
  const { workers, starting } = start(
    { ...whole, files: [], whole: bring },
    { backends: ['wasm', 'webgpu'], over },
  )
  const signal = await asked.promise
  workers[0]!.dispatchEvent(new Event('error'))
  const reason = new EngineError('engine/cancelled', 'Another model is wanted.')
  over.abort(reason)
  expect(signal?.aborted).toBe(true)
  settle(rest)
  await expect(starting).rejects.toBe(reason)
  expect(workers).toHaveLength(1)
})

test.each([
  ['as asked', 3, { slots: 3 }],
  ['as memory allows', 8, { slots: undefined, memoryBytes: 64 * 2 ** 30 }],
  [
    'as fit into a step beside a check',
    5,
    { slots: undefined, memoryBytes: 64 * 2 ** 30, facts: { ...loadedFacts, stepPlaces: 6 } },
  ],
])('it has so many slots %s', async (_name, slots, options) => {
  expect((await start(whole, options).starting).loaded.slots).toBe(slots)
})

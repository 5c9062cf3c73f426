import { expect, test } from 'vitest'
import { FakeWorker } from '../../tests/fixtures/fake-worker.ts'
import { openMortalWorker } from '../../tests/fixtures/mortal-worker.ts'
import { EngineError, toWireError } from '../errors/index.ts'
import type { EngineProbe, LoadProgress } from '../ports/engine.ts'
import { createMemoryModel } from './memory-model.ts'
import { createWorkerEngine } from './worker-engine.ts'
import type { ToWorker } from './worker/call-messages.ts'
import type { TextCalls } from './worker/text-calls.ts'

const machine: EngineProbe = {
  ...{ webgpu: null, crossOriginIsolated: false, threads: 1, memoryBytes: null, storageBytes: null },
  ...{ backends: ['wasm'], reason: 'Only a test.' },
}

type TextCall = Extract<ToWorker, { kind: 'call' }>

/** An engine that loads at once, and whose text worker has its calls answered so. */
function openAnswering(answer: (call: TextCall, worker: FakeWorker) => void) {
  return createWorkerEngine({
    openModelWorker: () => openMortalWorker('lives'),
    openTextWorker: () =>
      new FakeWorker((message, self) => {
        if (message.kind === 'call') answer(message, self)
      }),
    probe: async () => machine,
  })
}

/** An engine whose text worker finds a head too short that has no bytes. */
function openReading() {
  const heads: number[] = []
  const engine = openAnswering(({ id, input }, worker) => {
    const { size } = (input as TextCalls['open']['input']).head
    heads.push(size)
    if (size > 0) return worker.say({ kind: 'result', id, output: { embeddingWidth: 4 } })
    const cutShort = new EngineError('engine/malformed-model', 'The model file ends too early.')
    worker.say({ kind: 'error', id, error: toWireError(cutShort, 'engine/load-failed') })
  })
  return { engine, heads }
}

test('a head that is longer than what was opened of its model is read from the whole of it', async () => {
  const { engine, heads } = openReading()
  const { files, ...model } = createMemoryModel()
  const begun = { ...model, files: [new Blob()], whole: async () => files }
  await engine.load(begun)
  expect(engine.text.embeddingWidth).toBe(4)
  expect(heads).toEqual([0, files[0]!.size])
  const damaged = openReading()
  await expect(damaged.engine.load({ ...model, files: [new Blob()] })).rejects.toMatchObject({
    code: 'engine/malformed-model',
  })
})

/** An engine that notes what its workers are asked, and what of a load it hears. */
function openNoting({ fails = false } = {}) {
  const noted: string[] = []
  const engine = createWorkerEngine({
    openModelWorker: () =>
      new FakeWorker((message, self) => {
        if (message.kind !== 'call') return
        const { id, name } = message
        noted.push(name)
        if (name !== 'load') return self.say({ kind: 'result', id, output: undefined })
        self.say({ kind: 'event', id, event: { stage: 'read', fraction: 0 } })
        const error = toWireError(new EngineError('engine/load-failed', 'No.'), 'engine/load-failed')
        if (fails) return self.say({ kind: 'error', id, error })
        setTimeout(() => self.say({ kind: 'event', id, event: { stage: 'prepare', fraction: 0 } }))
        setTimeout(() => self.say({ kind: 'result', id, output: { contextTokens: 8 } }), 20)
      }),
    openTextWorker() {
      noted.push('text worker')
      return new FakeWorker((message, self) => {
        if (message.kind !== 'call') return
        noted.push(`text ${message.name}`)
        self.say({ kind: 'result', id: message.id, output: { embeddingWidth: 4 } })
      })
    },
    probe: async () => machine,
    slots: 1,
  })
  return { engine, noted, onProgress: ({ stage }: LoadProgress) => void noted.push(stage) }
}

test('the text is read once, after the files and while the model is prepared', async () => {
  const { engine, noted, onProgress } = openNoting()
  await engine.warm()
  expect(noted.toSorted()).toEqual(['text worker', 'warm'])
  await engine.load(createMemoryModel(), { onProgress })
  expect(noted.filter((name) => name !== 'warm')).toEqual([
    'text worker',
    'load',
    'read',
    'prepare',
    'text open',
  ])
})

test('no text is read of a model whose files cannot be', async () => {
  const { engine, noted, onProgress } = openNoting({ fails: true })
  const loading = engine.load(createMemoryModel(), { onProgress })
  await expect(loading).rejects.toMatchObject({ code: 'engine/load-failed' })
  expect(noted).toEqual(['load', 'read'])
})

test('no worker starts for a model that nobody wants any more', async () => {
  const { engine, noted } = openNoting()
  await engine.warm({ signal: AbortSignal.abort() })
  expect(noted).toEqual([])
})

/** An engine that loads at once, and whose text worker answers when the test says so. */
function openSlowlyReading() {
  const answers: { embeds(width: number): void; fails(): void }[] = []
  const engine = openAnswering(({ id }, worker) => {
    const error = new EngineError('engine/malformed-model', 'The vocabulary makes no sense.')
    answers.push({
      embeds: (embeddingWidth) => worker.say({ kind: 'result', id, output: { embeddingWidth } }),
      fails: () => worker.say({ kind: 'error', id, error: toWireError(error, 'engine/load-failed') }),
    })
  })
  /** Loads a model until its text is asked for. */
  const begin = async (name: string) => {
    const [asked, loading] = [answers.length, engine.load(createMemoryModel({ id: `0x${name}` }))]
    loading.catch(() => {})
    while (answers.length === asked) await new Promise((resolve) => setTimeout(resolve))
    return { loading, text: answers.at(-1)! }
  }
  return { engine, begin }
}

test('a model is there when its text is, never with that of the one before', async () => {
  const { engine, begin } = openSlowlyReading()
  const first = await begin('aa')
  first.text.embeds(1)
  await first.loading
  const second = await begin('bb')
  expect(engine.loaded).toBeNull()
  expect(() => engine.text.embeddingWidth).toThrow('No model is loaded.')
  second.text.embeds(2)
  await second.loading
  expect([engine.loaded?.id, engine.text.embeddingWidth]).toEqual(['0xbb', 2])
})

test('a model whose text could not be read is no model, and the one before is loaded again', async () => {
  const { engine, begin } = openSlowlyReading()
  engine.hold()
  const first = await begin('aa')
  first.text.embeds(1)
  await first.loading
  const second = await begin('bb')
  second.text.fails()
  await expect(second.loading).rejects.toMatchObject({ code: 'engine/malformed-model' })
  expect(engine.loaded).toBeNull()
  const again = await begin('aa')
  again.text.embeds(3)
  expect([(await again.loading).id, engine.text.embeddingWidth]).toEqual(['0xaa', 3])
})

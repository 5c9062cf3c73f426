import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EngineError } from '../errors/index.ts'
import type { LoadedModel, LoadOptions, LoadProgress } from '../ports/engine.ts'
import { LoadLock, type StartOptions } from './load-lock.ts'
import { createMemoryModel } from './memory-model.ts'

type Start = StartOptions & { name: string; settle: PromiseWithResolvers<void> }

const nextTurn = () => new Promise<void>((resolve) => setTimeout(resolve))
const modelNamed = (name: string) => createMemoryModel({ id: `0x${name}` })

/** A lock over a loader whose loads end when the test says so. */
function openLock() {
  const starts: Start[] = []
  let loaded: LoadedModel | null = null
  const lock = new LoadLock({
    get loaded() {
      return loaded
    },
    async start(model, options) {
      loaded = null
      const settle = Promise.withResolvers<void>()
      starts.push({ ...options, name: model.id.slice(2), settle })
      await settle.promise
      options.signal.throwIfAborted()
      return (loaded = { id: model.id } as LoadedModel)
    },
    stop: () => (loaded = null),
  })
  const outcomeOf = (loading: Promise<LoadedModel>) =>
    loading.then(
      ({ id }) => id.slice(2),
      (error: EngineError) => error.code,
    )
  return {
    lock,
    starts,
    /** Begins a load; `outcome` resolves with the model's name or an error code. */
    async load(name: string, options?: LoadOptions) {
      const outcome = outcomeOf(lock.load(modelNamed(name), options))
      await nextTurn()
      return { outcome }
    },
    loaded: () => loaded?.id.slice(2) ?? null,
    running: () => starts.filter(({ signal }) => !signal.aborted),
    async finish(index = starts.length - 1) {
      starts[index]!.settle.resolve()
      await nextTurn()
    },
  }
}

test('who asks for the model that is being loaded waits for that load, and hears how far it is', async () => {
  const { load, starts, finish } = openLock()
  const heard: [string, LoadProgress][] = []
  const first = await load('aa', { onProgress: (step) => heard.push(['first', step]) })
  const second = await load('aa', { onProgress: (step) => heard.push(['second', step]) })
  starts[0]!.onProgress({ stage: 'compile', fraction: 0.5 })
  await finish()
  expect(await Promise.all([first.outcome, second.outcome])).toEqual(['aa', 'aa'])
  expect(starts).toHaveLength(1)
  expect(heard.map(([who, { stage }]) => `${who} ${stage}`)).toEqual(['first compile', 'second compile'])
})

test('a load goes on while anybody waits for it, and ends with the last who does', async () => {
  const { load, starts } = openLock()
  const [one, other] = [new AbortController(), new AbortController()]
  const first = await load('aa', { signal: one.signal })
  const second = await load('aa', { signal: other.signal })
  one.abort()
  expect(await first.outcome).toBe('engine/cancelled')
  expect(starts[0]!.signal.aborted).toBe(false)
  other.abort()
  expect(await second.outcome).toBe('engine/cancelled')
  expect(starts[0]!.signal.aborted).toBe(true)
})

test('another model is refused while one is being loaded, which goes on', async () => {
  const { load, finish, starts } = openLock()
  const sharing = await load('aa')
  expect(await (await load('bb')).outcome).toBe('engine/busy')
  expect(await (await load('bb', { whileHeld: true })).outcome).toBe('engine/busy')
  await finish()
  expect(await sharing.outcome).toBe('aa')
  expect(starts).toHaveLength(1)
})

test('a load for sharing ends one for a check', async () => {
  const { lock, load, finish, loaded } = openLock()
  lock.hold()
  const check = await load('aa', { whileHeld: true })
  const sharing = await load('bb')
  expect(await check.outcome).toBe('engine/busy')
  await finish()
  expect([await sharing.outcome, loaded()]).toEqual(['bb', 'bb'])
})

test('a load for sharing that a check waits for, too, is no check’s', async () => {
  const { lock, load, finish } = openLock()
  lock.hold()
  const check = await load('aa', { whileHeld: true })
  const sharing = await load('aa')
  expect(await (await load('bb')).outcome).toBe('engine/busy')
  await finish()
  expect(await Promise.all([check.outcome, sharing.outcome])).toEqual(['aa', 'aa'])
})

test('a model that is there is not loaded again, unless for other back ends', async () => {
  const { lock, load, finish, starts } = openLock()
  await load('aa', { backends: ['wasm'] })
  await finish()
  expect(await (await load('aa', { backends: ['wasm'] })).outcome).toBe('aa')
  lock.hold()
  expect(await (await load('aa', { whileHeld: true })).outcome).toBe('aa')
  expect(starts).toHaveLength(1)
  await load('aa')
  expect(starts).toHaveLength(2)
})

test('a model whose load failed late is not taken for the one before', async () => {
  let loaded: LoadedModel | null = null
  const lock = new LoadLock({
    get loaded() {
      return loaded
    },
    async start({ id }) {
      loaded = { id } as LoadedModel
      if (id === '0xbb') throw new EngineError('engine/malformed-model', 'Its text makes no sense.')
      return loaded
    },
    stop: () => (loaded = null),
  })
  lock.hold()
  await lock.load(modelNamed('aa'))
  await expect(lock.load(modelNamed('bb'))).rejects.toMatchObject({ code: 'engine/malformed-model' })
  expect((await lock.load(modelNamed('aa'))).id).toBe('0xaa')
})

test('a check takes no model’s place', async () => {
  const { lock, load, finish, loaded } = openLock()
  await load('aa')
  await finish()
  lock.hold()
  expect(await (await load('bb', { whileHeld: true })).outcome).toBe('engine/busy')
  expect(loaded()).toBe('aa')
})

test('a model that was loaded for a check goes with it, unless sharing took it over', async () => {
  for (const isShared of [false, true]) {
    const { lock, load, finish, loaded } = openLock()
    const release = lock.hold()
    await load('aa', { whileHeld: true })
    await finish()
    if (isShared) await load('aa')
    release()
    expect(loaded()).toBe(isShared ? 'aa' : null)
  }
})

test('an unloaded model stays until the last hold is released, once', async () => {
  const { lock, load, finish, loaded } = openLock()
  await load('aa')
  await finish()
  const [check, job] = [lock.hold(), lock.hold()]
  lock.unload()
  check()
  check()
  expect(loaded()).toBe('aa')
  job()
  expect(loaded()).toBeNull()
})

test('a load that fails leaves room for the next', async () => {
  const { load, starts, finish, loaded } = openLock()
  const failing = await load('aa')
  starts[0]!.settle.reject(new EngineError('engine/load-failed', 'It did not load.'))
  expect(await failing.outcome).toBe('engine/load-failed')
  await load('bb')
  await finish()
  expect(loaded()).toBe('bb')
})

const anyStep = fc.oneof(
  fc.record({
    do: fc.constant('load' as const),
    name: fc.constantFrom('aa', 'bb'),
    whileHeld: fc.boolean(),
    isCancelled: fc.boolean(),
  }),
  fc.constantFrom({ do: 'finish' as const }, { do: 'unload' as const }, { do: 'release' as const }),
)

test('whoever comes and goes: one load runs at a time, all are told, and in the end nothing is left', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 20 }), async (steps) => {
      const { lock, load, starts, running, finish, loaded } = openLock()
      const holds: (() => void)[] = []
      const outcomes: Promise<string>[] = []
      const cancels: AbortController[] = []
      const finished = new Set<Start>()
      const unfinished = () => running().filter((start) => !finished.has(start))
      const finishOne = async () => {
        const start = unfinished().at(-1)
        if (!start) return
        finished.add(start)
        await finish(starts.indexOf(start))
      }
      for (const step of steps) {
        if (step.do === 'unload') lock.unload()
        if (step.do === 'release') holds.pop()?.()
        if (step.do === 'finish') await finishOne()
        if (step.do === 'load') {
          if (step.whileHeld) holds.push(lock.hold())
          const cancel = new AbortController()
          outcomes.push((await load(step.name, { whileHeld: step.whileHeld, signal: cancel.signal })).outcome)
          if (step.isCancelled) cancel.abort()
          else cancels.push(cancel)
        }
        await nextTurn()
        expect(unfinished().length).toBeLessThanOrEqual(1)
      }
      await finishOne()
      for (const release of holds) release()
      lock.unload()
      expect(loaded()).toBeNull()
      for (const outcome of await Promise.all(outcomes)) {
        expect(outcome).toMatch(/^(aa|bb|engine\/busy|engine\/cancelled)$/)
      }
    }),
    { numRuns: 200 },
  )
})

import { loadedRequest, read, seed, seeded } from './answers.ts'
import { assert, assertEqual, assertRejects, type ConformanceCase } from './case.ts'
import type { EngineSubject } from './engine.ts'

/** What every `Engine` keeps to where a model is shared and answers are checked. */
export const loadingCases: ConformanceCase<EngineSubject>[] = [
  {
    name: 'one load runs at a time: who wants the same model waits for it, another is refused',
    async run({ engine, model }) {
      const other = { ...model, id: `0x${'77'.repeat(32)}` as const }
      const loading = engine.load(model)
      const joined = engine.load(model)
      await assertRejects(engine.load(other), 'engine/busy')
      assertEqual(await joined, await loading, 'what both get')
      assertEqual(await engine.load(model), engine.loaded, 'who comes later gets it, too')
      await assertRejects(engine.load(other, { whileHeld: true }), 'engine/busy')
      assertEqual(engine.loaded?.id, model.id, 'it is still loaded')
    },
  },
  {
    name: 'a load that only holds gives way to another, and its model goes with the hold',
    async run({ engine, model }) {
      const other = { ...model, id: `0x${'77'.repeat(32)}` as const }
      const release = engine.hold()
      const giving = engine.load(other, { whileHeld: true })
      const loading = engine.load(model)
      await assertRejects(giving, 'engine/busy')
      assertEqual((await loading).id, model.id, 'what is loaded')
      await engine.unload()
      assertEqual(engine.loaded?.id, model.id, 'it is held')
      release()
      assertEqual(engine.loaded, null, 'nothing holds it')
    },
  },
  {
    name: 'an unloaded model finishes what it was asked',
    async run(subject) {
      const { engine } = subject
      const request = await loadedRequest(subject, { maxTokens: 8 })
      const whole = await read(engine.generate(request))
      const stream = engine.generate(request)
      const first = await stream.next()
      await engine.unload()
      assert(!first.done, 'a token came before')
      const { tokenIds } = await read(stream)
      assertEqual([first.value.tokenId, ...tokenIds], whole.tokenIds, 'the answer')
      assertEqual(engine.loaded, null, 'then it is gone')
    },
  },
  {
    name: 'repeats answers beside as many as it has slots, one after the other',
    async run(subject) {
      const { engine } = subject
      const request = await loadedRequest(subject, { maxTokens: 12 })
      const { promptIds } = request
      const { tokenIds } = await read(engine.generate(request))
      const claim = { promptIds, sampler: seeded, seed, tokenIds }
      const checks = [engine.recompute(claim), engine.recompute(claim)]
      const streams = Array.from({ length: engine.loaded!.slots }, () => engine.generate(request))
      const firsts = await Promise.all(streams.map((stream) => stream.next()))
      assert(
        firsts.every(({ done }) => !done),
        'every slot is an answer’s',
      )
      const late = engine.recompute(claim)
      for (const { choices } of await Promise.all([...checks, late])) {
        assertEqual(choices, tokenIds, 'its own choices')
      }
      for (const stream of streams) await stream.return({ finishReason: 'cancelled', text: '' })
    },
  },
  {
    name: 'a warmed engine has no model, and loads one as ever',
    async run({ engine, model }) {
      const cancel = new AbortController()
      await engine.warm({ signal: cancel.signal })
      cancel.abort()
      await engine.warm()
      await engine.warm()
      assertEqual(engine.loaded, null, 'nothing is loaded')
      const loaded = await engine.load(model)
      await engine.warm()
      assertEqual(engine.loaded, loaded, 'what is loaded stays')
      await engine.unload()
      assertEqual((await engine.load(model)).arithmeticId, loaded.arithmeticId, 'the arithmetic')
    },
  },
]

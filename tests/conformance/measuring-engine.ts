import { assert, assertEqual, assertRejects, type ConformanceCase } from './case.ts'
import type { EngineSubject } from './engine.ts'

/** What every `Engine` keeps to when it measures a model file. */
export const measuringCase: ConformanceCase<EngineSubject> = {
  name: 'measures a model file beside the model that is loaded',
  async run({ engine, model }) {
    const loaded = await engine.load(model)
    const stages = new Set<string>()
    const file = model.files[0]!
    const measured = await engine.measure(file, { onProgress: ({ stage }) => stages.add(stage) })
    assertEqual([...stages], ['check', 'prepare', 'observe', 'test'], 'the stages')
    assertEqual(measured.family, model.manifest.family, 'the family')
    assert(measured.knownAnswer.tokenIds.length > 0, 'there is a known answer')
    assert(measured.smoothing.length > 0, 'there are scales')
    assertEqual(engine.loaded, loaded, 'what is loaded stays')
    const signal = AbortSignal.abort()
    await assertRejects(engine.measure(file, { signal }), 'engine/cancelled')
    await assertRejects(engine.measure(new Blob([])), 'engine/malformed-model')
  },
}

import { assert, assertEqual, assertRejects, type ConformanceCase } from './case.ts'
import type { EngineSubject } from './engine.ts'

const greedy = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 }
const seed = `0x${'5eed'.repeat(8)}` as const

async function readToEnd(stream: AsyncGenerator<unknown>): Promise<void> {
  while (!(await stream.next()).done);
}

/** What every `Engine` keeps to when it embeds texts. */
export const embeddingCases: ConformanceCase<EngineSubject>[] = [
  {
    name: 'embeds nothing before a model is loaded',
    async run({ engine }) {
      await assertRejects(engine.embed([1]), 'engine/not-loaded')
      await assertRejects(engine.text.encodeForEmbedding('a'), 'engine/not-loaded')
    },
  },
  {
    name: 'tokenizes a text to be embedded, whether it runs the model or not',
    async run({ engine, model }) {
      const opened = await engine.openText(model, model.files[0]!)
      const plain = await opened.encodeForEmbedding('the hello')
      assert(plain.length > 0, 'there are tokens')
      await engine.load(model)
      assertEqual(await engine.text.encodeForEmbedding('the hello'), plain, 'the same tokens')
      assertEqual(engine.text.embeddingWidth, opened.embeddingWidth, 'the same width')
    },
  },
  {
    name: 'turns a text into a direction: finite, of unit length, as wide as the model says',
    async run({ engine, model }) {
      await engine.load(model)
      for (const text of ['a', 'the hello', 'the hello '.repeat(40)]) {
        const vector = await engine.embed(await engine.text.encodeForEmbedding(text))
        assertEqual(vector.length, engine.text.embeddingWidth, 'the width')
        const square = vector.reduce((sum, value) => sum + value * value, 0)
        assert(Math.abs(square - 1) < 1e-5, 'the length is 1')
      }
    },
  },
  {
    name: 'gives a text the same embedding alone and beside answers that stream, and another text another',
    async run({ engine, model }) {
      await engine.load(model)
      const promptIds = await engine.text.encodeChat([{ role: 'user', content: 'Tell me the hello.' }])
      const tokenIds = await engine.text.encodeForEmbedding('the hello '.repeat(20))
      const alone = await engine.embed(tokenIds)
      const stream = engine.generate({ promptIds, sampler: greedy, seed, maxTokens: 24, stop: [] })
      await stream.next()
      const [beside] = await Promise.all([engine.embed(tokenIds), readToEnd(stream)])
      assertEqual([...beside], [...alone], 'the embedding')
      const other = await engine.embed(await engine.text.encodeForEmbedding('something else'))
      assert(String(other) !== String(alone), 'another text has another')
    },
  },
  {
    name: 'embeds no empty text, none that is too long, and none that is cancelled',
    async run({ engine, model }) {
      const { contextTokens } = await engine.load(model)
      await assertRejects(engine.embed([]), 'engine/invalid-settings')
      await assertRejects(engine.embed([1_000_000]), 'engine/invalid-settings')
      const tooLong = Array.from({ length: contextTokens + 1 }, () => 1)
      await assertRejects(engine.embed(tooLong), 'engine/context-exceeded')
      await assertRejects(engine.embed([1], AbortSignal.abort()), 'engine/cancelled')
      assert((await engine.embed([1])).length > 0, 'it still works')
    },
  },
]

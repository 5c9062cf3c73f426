import type { Engine, GenerateRequest, LoadProgress, VerifiedModel } from '../../src/ports/engine.ts'
import { type Answer, greedy, loadedRequest, question, read, seed, seeded } from './answers.ts'
import { assert, assertEqual, assertRejects, type ConformanceCase } from './case.ts'
import { besideChatCases } from './beside-chat.ts'

/** An engine, and a model that it can load. */
export type EngineSubject = {
  /** Nothing is loaded when the case begins. */
  engine: Engine
  /** Takes at most 2,048 tokens. */
  model: VerifiedModel
}

/** What every `Engine` keeps to. */
export const engineCases: ConformanceCase<EngineSubject>[] = [
  {
    name: 'says what this machine can do',
    async run({ engine }) {
      const probe = await engine.probe()
      assert(probe.backends.length > 0, 'there is a back end')
      assert(probe.threads >= 1, 'there is a thread')
      assert(probe.reason.endsWith('.'), 'the reason is a sentence')
    },
  },
  {
    name: 'does nothing before a model is loaded',
    async run({ engine }) {
      assertEqual(engine.loaded, null, 'nothing is loaded')
      const request = { promptIds: [1], sampler: greedy, seed, maxTokens: 1, stop: [] }
      await assertRejects(engine.generate(request).next(), 'engine/not-loaded')
      await assertRejects(engine.text.decode([1]), 'engine/not-loaded')
      await assertRejects(engine.distributions([1, 2], 1, 1), 'engine/not-loaded')
    },
  },
  {
    name: 'loads a model in stages and tells how it runs',
    async run({ engine, model }) {
      const progress: LoadProgress[] = []
      const loaded = await engine.load(model, { onProgress: (step) => progress.push(step) })
      const stages = [...new Set(progress.map(({ stage }) => stage))]
      assertEqual(stages, ['read', 'prepare', 'compile', 'self-test'], 'the stages')
      assert(
        progress.every(({ fraction }) => fraction >= 0 && fraction <= 1),
        'fractions lie between 0 and 1',
      )
      assertEqual(loaded.id, model.id, 'the id')
      assertEqual(engine.loaded, loaded, 'what is loaded')
      assert(/^0x[0-9a-f]{64}$/.test(loaded.arithmeticId), 'the arithmetic has an id')
      assert(loaded.tokensPerSecond > 0 && loaded.slots >= 1 && loaded.reason !== '', 'the facts are there')
      assert(loaded.contextTokens <= model.manifest.contextTokens, 'the context is within the manifest')
    },
  },
  {
    name: 'refuses a model that answers its known prompt wrongly',
    async run({ engine, model }) {
      const knownAnswer = { ...model.manifest.knownAnswer, logProbs: [-30], toleranceNats: 0.01 }
      knownAnswer.tokenIds = knownAnswer.tokenIds.slice(0, 1)
      const wrong = { ...model, manifest: { ...model.manifest, knownAnswer } }
      await assertRejects(engine.load(wrong), 'engine/known-answer-failed')
      assertEqual(engine.loaded, null, 'nothing is loaded')
      await engine.load(model)
    },
  },
  {
    name: 'a cancelled load leaves nothing, and the next one works',
    async run({ engine, model }) {
      await assertRejects(engine.load(model, { signal: AbortSignal.abort() }), 'engine/cancelled')
      const cancel = new AbortController()
      const onProgress = () => cancel.abort()
      await assertRejects(engine.load(model, { signal: cancel.signal, onProgress }), 'engine/cancelled')
      assertEqual(engine.loaded, null, 'nothing is loaded')
      assertEqual((await engine.load(model)).id, model.id, 'the next load')
    },
  },
  {
    name: 'gives the same answer to the same seed, and another to another',
    async run(subject) {
      const request = await loadedRequest(subject)
      const answers: Answer[] = []
      for (const each of [seed, seed, `0x${'0bad'.repeat(8)}` as const]) {
        answers.push(await read(subject.engine.generate({ ...request, seed: each })))
      }
      const [first, second, other] = answers.map(({ tokenIds }) => tokenIds)
      assertEqual(first, second, 'the same seed')
      assert(JSON.stringify(first) !== JSON.stringify(other), 'another seed gives another answer')
    },
  },
  {
    name: 'a share of the time changes when an answer comes, never what it says',
    async run(subject) {
      const { engine } = subject
      const request = await loadedRequest(subject)
      const whole = await read(engine.generate(request))
      engine.throttle(0.5)
      const sharing = await read(engine.generate(request), (count) => {
        if (count === 8) engine.throttle(1)
      })
      assertEqual(sharing, whole, 'the answer')
    },
  },
  {
    name: 'greedy answers take the likeliest token each time',
    async run(subject) {
      const request = await loadedRequest(subject, { sampler: greedy, maxTokens: 10 })
      const { tokenIds } = await read(subject.engine.generate(request))
      const whole = [...request.promptIds, ...tokenIds]
      const found = await subject.engine.distributions(whole, tokenIds.length, 5)
      const likeliest = found.map(({ ids }) => ids[0])
      assertEqual(likeliest, tokenIds, 'the likeliest tokens')
      for (const { ids, logProbs } of found) {
        assertEqual([ids.length, logProbs.length], [5, 5], 'five tokens each')
        assertEqual(
          logProbs.toSorted((a, b) => b - a),
          logProbs,
          'likeliest first',
        )
        const mass = logProbs.reduce((sum, logProb) => sum + Math.exp(logProb), 0)
        assert(mass > 0 && mass < 1.0001, 'probabilities add up to at most 1')
      }
    },
  },
  {
    name: 'streams the text that its tokens stand for',
    async run(subject) {
      const { tokenIds, text } = await read(subject.engine.generate(await loadedRequest(subject)))
      assertEqual(text, await subject.engine.text.decode(tokenIds), 'the text')
    },
  },
  {
    name: 'ends at the token limit',
    async run(subject) {
      const request = await loadedRequest(subject, { maxTokens: 3 })
      const { tokenIds, result } = await read(subject.engine.generate(request))
      assertEqual([tokenIds.length, result.finishReason], [3, 'length'], 'tokens and reason')
    },
  },
  {
    name: 'ends before a stop string and never shows it',
    async run(subject) {
      const request = await loadedRequest(subject)
      const free = await read(subject.engine.generate(request))
      const letters = [...free.text]
      const stop = letters.slice(4, 6).join('')
      const { text, result } = await read(subject.engine.generate({ ...request, stop: [stop] }))
      assertEqual(result.finishReason, 'stop', 'the reason')
      assertEqual(text, free.text.slice(0, free.text.indexOf(stop)), 'the text before it')
    },
  },
  {
    name: 'ends within one token when cancelled',
    async run(subject) {
      const request = await loadedRequest(subject, { maxTokens: 100 })
      const cancel = new AbortController()
      const stream = subject.engine.generate(request, cancel.signal)
      const { tokenIds, result } = await read(stream, (count) => count === 3 && cancel.abort())
      assertEqual([tokenIds.length, result.finishReason], [3, 'cancelled'], 'tokens and reason')
      const never = await read(subject.engine.generate(request, AbortSignal.abort()))
      assertEqual([never.tokenIds.length, never.result.finishReason], [0, 'cancelled'], 'never begun')
    },
  },
  {
    name: 'repeats an answer and finds exactly what was changed in it',
    async run(subject) {
      const { engine } = subject
      const request = await loadedRequest(subject)
      const { tokenIds } = await read(engine.generate(request))
      const claim = { promptIds: request.promptIds, sampler: seeded, seed }
      const honest = await engine.recompute({ ...claim, tokenIds })
      assertEqual(
        honest.margins,
        tokenIds.map(() => 0),
        'honest margins',
      )
      assertEqual(honest.choices, tokenIds, 'its own choices')
      assertEqual(honest.arithmeticId, engine.loaded?.arithmeticId, 'the arithmetic')
      const forged = tokenIds.with(2, tokenIds[2] === 97 ? 98 : 97)
      const { margins, choices } = await engine.recompute({ ...claim, tokenIds: forged })
      assert(margins[2]! > 0, 'the forged token has a margin')
      assertEqual([margins.slice(0, 2), choices[2]], [[0, 0], tokenIds[2]], 'the tokens before it are honest')
    },
  },
  {
    name: 'judges an answer with an id in it that is no token, but not a prompt with one',
    async run(subject) {
      const { engine } = subject
      const request = await loadedRequest(subject)
      const { tokenIds } = await read(engine.generate(request))
      const claim = { promptIds: request.promptIds, sampler: seeded, seed }
      for (const at of [0, 2, tokenIds.length - 1]) {
        const forged = tokenIds.with(at, 0xffff_ffff)
        const { margins, choices } = await engine.recompute({ ...claim, tokenIds: forged })
        const isHonest = margins.map((margin) => margin === 0)
        assertEqual(
          isHonest,
          tokenIds.map((_, index) => index < at),
          'which are honest',
        )
        assert(
          margins.slice(at).every((margin) => margin === Infinity),
          'the others never can be',
        )
        assertEqual(
          choices,
          tokenIds.map((tokenId, index) => (index <= at ? tokenId : -1)),
          'its own choices, as far as there are any',
        )
      }
      const promptIds = [...request.promptIds, 0xffff_ffff]
      await assertRejects(engine.recompute({ ...claim, promptIds, tokenIds }), 'engine/invalid-settings')
    },
  },
  {
    name: 'a cancelled recomputation rejects',
    async run(subject) {
      const { promptIds } = await loadedRequest(subject)
      const claim = { promptIds, sampler: seeded, seed, tokenIds: promptIds }
      await assertRejects(subject.engine.recompute(claim, AbortSignal.abort()), 'engine/cancelled')
    },
  },
  ...besideChatCases,
  {
    name: 'refuses what does not fit and what makes no sense',
    async run(subject) {
      const { engine } = subject
      const request = await loadedRequest(subject)
      const promptIds = Array.from({ length: engine.loaded!.contextTokens }, () => 1)
      const refused = (change: Partial<GenerateRequest>, code: string) =>
        assertRejects(engine.generate({ ...request, ...change }).next(), code)
      await refused({ promptIds }, 'engine/context-exceeded')
      await refused({ promptIds: [] }, 'engine/invalid-settings')
      await refused({ promptIds: [1_000_000] }, 'engine/invalid-settings')
      await refused({ sampler: { ...seeded, temperature: -1 } }, 'engine/invalid-settings')
      await refused({ seed: '0x12' }, 'engine/invalid-settings')
      assertEqual((await read(engine.generate(request))).tokenIds.length > 0, true, 'it still works')
    },
  },
  {
    name: 'runs as many answers side by side as it says, each as if alone, and no more',
    async run(subject) {
      const { engine } = subject
      const request = await loadedRequest(subject, { maxTokens: 12 })
      const alone = await read(engine.generate(request))
      const streams = Array.from({ length: engine.loaded!.slots }, () => engine.generate(request))
      const firsts = await Promise.all(streams.map((stream) => stream.next()))
      await assertRejects(engine.generate(request).next(), 'engine/busy')
      const rests = await Promise.all(streams.map((stream) => read(stream)))
      rests.forEach(({ tokenIds }, index) => {
        const first = firsts[index]!
        assert(!first.done, 'each has a token')
        assertEqual([first.value.tokenId, ...tokenIds], alone.tokenIds, `answer ${index}`)
      })
    },
  },
  {
    name: 'an answer left early makes room',
    async run(subject) {
      const { engine } = subject
      const request = await loadedRequest(subject)
      for (let index = 0; index <= engine.loaded!.slots; index++) {
        const stream = engine.generate(request)
        await stream.next()
        await stream.return({ finishReason: 'cancelled', text: '' })
      }
    },
  },
  {
    name: 'opens the text of a model that it does not run',
    async run({ engine, model }) {
      const text = await engine.openText(model, model.files[0]!)
      const ids = await text.encodeChat(question)
      assert(ids.length > 0, 'there are tokens')
      await engine.load(model)
      assertEqual(await engine.text.encodeChat(question), ids, 'the same tokens')
      const other = { ...model, id: `0x${'77'.repeat(32)}` as const }
      await assertRejects(engine.openText(other, new Blob([])), 'engine/malformed-model')
    },
  },
  {
    name: 'tells from the head of a file whether it can run the model',
    async run({ engine, model }) {
      await engine.checkModel(model.files[0]!)
      await assertRejects(engine.checkModel(new Blob([])), 'engine/malformed-model')
      assertEqual(engine.loaded, null, 'nothing is loaded')
    },
  },
  {
    name: 'an unloaded model is gone',
    async run(subject) {
      const request = await loadedRequest(subject)
      await subject.engine.unload()
      assertEqual(subject.engine.loaded, null, 'nothing is loaded')
      await assertRejects(subject.engine.generate(request).next(), 'engine/not-loaded')
    },
  },
]

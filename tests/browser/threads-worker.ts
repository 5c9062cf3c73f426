import type { LanguageModel } from '../../src/engine/decode/sequence.ts'
import { loadModel } from '../../src/engine/worker/load-model.ts'
import { originPreparedStore } from '../../src/engine/worker/prepared-store.ts'
import { fetchRuntimeFiles } from '../../src/engine/worker/runtime-files.ts'
import { serveCalls } from '../../src/engine/worker/serve-calls.ts'
import type { GenerateRequest, VerifiedModel } from '../../src/ports/engine.ts'
import { hashBits, recordAnswer, type RecordedAnswer } from '../fixtures/llama/recorded-answer.ts'

/** What to compute: the logits of a text, and answers one after the other or side by side with guesses. */
export type Task = { tokenIds: number[]; requests: GenerateRequest[]; together: boolean; threads: number }

/** What came of it, in how many steps of the model, and how many threads the runtime started besides this one. */
export type Recording = {
  logits: number[]
  answers: RecordedAnswer[]
  steps: number
  threadsStarted: number
}

/** What the worker can be asked, once. */
export type ThreadCalls = {
  record: { input: Task & { model: VerifiedModel }; event: never; output: Recording }
}

let steps = 0
let threadsStarted = 0
self.Worker = class extends Worker {
  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args)
    threadsStarted++
  }
}

/** Several rows of one answer, which meet single rows of others. */
const guessing = (model: LanguageModel): LanguageModel => ({
  ...model,
  steps: { alone: true, cost: (rows) => (rows > 5 ? 99 : 1) },
})

serveCalls<ThreadCalls>(self, {
  async record({ model: verified, tokenIds, requests, together, threads }, { signal }) {
    const place = {
      fetchRuntime: () => fetchRuntimeFiles('wasm', signal),
      prepared: originPreparedStore,
      runStep: <value>(step: () => Promise<value>) => (steps++, step()),
      nowMs: () => performance.now(),
    }
    const input = { model: verified, recipe: 'wasm-int8-2', threads } as const
    const { model } = await loadModel(input, place, () => {}, signal)
    const logits: number[] = []
    const sequence = model.openSequence()
    await sequence.append(tokenIds, 0, (row) => logits.push(hashBits(row)))
    sequence.close()
    if (together) {
      const answering = requests.map((request) =>
        recordAnswer(guessing(model), model.openSequence(), request),
      )
      return { logits, answers: await Promise.all(answering), steps, threadsStarted }
    }
    const answers: RecordedAnswer[] = []
    for (const request of requests) {
      answers.push(await recordAnswer({ ...model, steps: undefined }, model.openSequence(), request))
    }
    return { logits, answers, steps, threadsStarted }
  },
})

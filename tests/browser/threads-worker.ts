import type { LanguageModel } from '../../src/engine/decode/sequence.ts'
import { loadModel } from '../../src/engine/worker/load-model.ts'
import { originPreparedStore } from '../../src/engine/worker/prepared-store.ts'
import { runtimeFiles } from '../../src/engine/worker/runtime-files.ts'
import { serveCalls } from '../../src/engine/worker/serve-calls.ts'
import type { GenerateRequest, VerifiedModel } from '../../src/ports/engine.ts'
import { hashBits, recordAnswer, type RecordedAnswer } from '../fixtures/llama/recorded-answer.ts'

/** What to compute. */
export type Task = { tokenIds: number[]; requests: GenerateRequest[]; threads: number }

/** Answers, and in how many steps of the model they came. */
type Answers = { answers: RecordedAnswer[]; steps: number }

/** What came of it, and how many threads the runtime started besides this one. */
export type Recording = {
  /** A hash of the logits after each token. */
  logits: number[]
  /** One after the other, without guesses. */
  alone: Answers
  /** Side by side, with guesses. */
  together: Answers
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
  async record({ model: verified, tokenIds, requests, threads }, { signal }) {
    const place = {
      runtimeFiles: runtimeFiles.wasm,
      prepared: originPreparedStore,
      browser: navigator.userAgent,
      runStep: <value>(step: () => Promise<value>) => (steps++, step()),
      nowMs: () => performance.now(),
    }
    const input = { model: verified, recipe: 'wasm-int8-4', threads } as const
    const { model } = await loadModel(input, place, () => {}, signal)
    const logits = await hashLogits(model, tokenIds)
    const alone = await counting(async () => {
      const answers: RecordedAnswer[] = []
      for (const request of requests) {
        answers.push(await recordAnswer({ ...model, steps: undefined }, model.openSequence(), request))
      }
      return answers
    })
    const together = await counting(() =>
      Promise.all(requests.map((request) => recordAnswer(guessing(model), model.openSequence(), request))),
    )
    return { logits, alone, together, threadsStarted }
  },
})

async function hashLogits(model: LanguageModel, tokenIds: readonly number[]): Promise<number[]> {
  const hashes: number[] = []
  const sequence = model.openSequence()
  await sequence.append(tokenIds, 0, (logits) => hashes.push(hashBits(logits)))
  sequence.close()
  return hashes
}

async function counting(answer: () => Promise<RecordedAnswer[]>): Promise<Answers> {
  steps = 0
  return { answers: await answer(), steps }
}

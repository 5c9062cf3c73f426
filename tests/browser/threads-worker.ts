import type { LanguageModel } from '../../src/engine/decode/sequence.ts'
import { defaultRecipes } from '../../src/engine/graph/recipe.ts'
import { loadModel } from '../../src/engine/worker/load-model.ts'
import { originPreparedStore } from '../../src/engine/worker/prepared-store.ts'
import { runtimeFiles } from '../../src/engine/worker/runtime-files.ts'
import { serveCalls } from '../../src/engine/worker/serve-calls.ts'
import type { GenerateRequest, VerifiedModel } from '../../src/ports/engine.ts'
import {
  answerAlone,
  createDraw,
  runSchedule,
  type Schedule,
  type ScheduleOutcome,
} from '../fixtures/llama/random-schedule.ts'
import { hashBits, recordAnswer, type RecordedAnswer } from '../fixtures/llama/recorded-answer.ts'

/** What to compute. */
type Task = { tokenIds: number[]; requests: GenerateRequest[]; threads: number }

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

/** Which model to load, on how many threads. */
type Loading = { model: VerifiedModel; threads: number }

/** What the worker can be asked, once. */
export type ThreadCalls = {
  record: { input: Task & Loading; event: never; output: Recording }
  answerAlone: { input: { requests: GenerateRequest[] } & Loading; event: never; output: RecordedAnswer[] }
  runSchedule: {
    input: Schedule & { seed: number } & Loading
    event: never
    output: ScheduleOutcome & { threadsStarted: number }
  }
}

let steps = 0
const afterStep = new Set<() => void>()
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
  async record({ tokenIds, requests, ...loading }, { signal }) {
    const model = await load(loading, signal)
    const logits = await hashLogits(model, tokenIds)
    const alone = await counting(() => answerAlone(model, requests))
    const together = await counting(() =>
      Promise.all(requests.map((request) => recordAnswer(guessing(model), model.openSequence(), request))),
    )
    return { logits, alone, together, threadsStarted }
  },
  async answerAlone({ requests, ...loading }, { signal }) {
    return answerAlone(await load(loading, signal), requests)
  },
  async runSchedule({ seed, model, threads, ...schedule }, { signal }) {
    const loaded = await load({ model, threads }, signal)
    return { ...(await runSchedule(loaded, schedule, createDraw(seed), afterStep)), threadsStarted }
  },
})

async function load({ model: verified, threads }: Loading, signal: AbortSignal): Promise<LanguageModel> {
  const place = {
    runtimeFiles: runtimeFiles.wasm,
    prepared: originPreparedStore,
    browser: navigator.userAgent,
    async runStep<value>(step: () => Promise<value>) {
      steps++
      const result = await step()
      for (const each of afterStep) each()
      return result
    },
    nowMs: () => performance.now(),
  }
  const input = { model: verified, recipe: defaultRecipes.wasm, threads }
  return (await loadModel(input, place, () => {}, signal)).model
}

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

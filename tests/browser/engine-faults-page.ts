import { createWorkerEngine } from '../../src/engine/worker-engine.ts'
import type { Backend, Engine, GenerateRequest, LoadedModel } from '../../src/ports/engine.ts'
import { readModel } from './engine-page.ts'
import type { Fault } from './faulty-model-worker.ts'

export type { Fault }

/** An answer, and what became of the engine meanwhile. */
export type Outcome = {
  tokenIds: number[]
  text: string
  finishReason: string | null
  error: { code: string; shortMessage: string } | null
  workersStarted: number
  /** Codes of what the model was given up for. */
  givenUpFor: string[]
  loaded: LoadedModel | null
}

const workers: Worker[] = []
const givenUpFor: string[] = []
let engine: Engine
let heard = 0

/** Loads a model whose workers can be ended from inside, and perhaps are from the first moment. */
export async function load(
  folder: string,
  backends: Backend[],
  stallMs = 60_000,
  faultAtOnce?: Fault,
): Promise<LoadedModel> {
  await engine?.unload()
  workers.length = 0
  givenUpFor.length = 0
  engine = createWorkerEngine({
    stallMs,
    openModelWorker() {
      const worker = new Worker(new URL('./faulty-model-worker.ts', import.meta.url), { type: 'module' })
      workers.push(worker)
      if (faultAtOnce) worker.postMessage({ fault: faultAtOnce })
      return worker
    },
  })
  engine.watchLost((error) => givenUpFor.push((error as Error & { code: string }).code))
  return engine.load(await readModel(folder), { backends })
}

/** Streams an answer; each fault befalls the worker of the moment once so many tokens have come. */
export async function answer(
  request: GenerateRequest,
  faults: { fault: Fault; afterTokens: number }[] = [],
): Promise<Outcome> {
  const stream = engine.generate(request)
  const tokenIds: number[] = []
  let text = ''
  let finishReason: string | null = null
  let error: Outcome['error'] = null
  heard = 0
  try {
    for (;;) {
      for (const { fault, afterTokens } of faults) {
        if (afterTokens === tokenIds.length) workers.at(-1)!.postMessage({ fault })
      }
      const { done, value } = await stream.next()
      text += value.text
      if (done) {
        finishReason = value.finishReason
        break
      }
      tokenIds.push(value.tokenId)
      heard++
    }
  } catch (failure) {
    const { code, shortMessage } = failure as { code: string; shortMessage: string }
    error = { code, shortMessage }
  }
  const { length: workersStarted } = workers
  return {
    tokenIds,
    text,
    finishReason,
    error,
    workersStarted,
    givenUpFor: [...givenUpFor],
    loaded: engine.loaded,
  }
}

/** Returns how many tokens of the answer under way have come. */
export function tokensHeard(): number {
  return heard
}

/** Has several answers streamed side by side, and ends their worker once the first has so many tokens. */
export async function answerTogether(
  requests: GenerateRequest[],
  faults: { fault: Fault; afterTokens: number }[] = [],
): Promise<Outcome[]> {
  return Promise.all(requests.map((request, index) => answer(request, index === 0 ? faults : [])))
}

import type { ChatMessage } from '../src/domain/job.ts'
import { probeMachine } from '../src/engine/probe.ts'
import { createWorkerEngine, type WorkerEngineOptions } from '../src/engine/worker-engine.ts'
import type { Backend, Engine } from '../src/ports/engine.ts'
import { readModel } from '../tests/browser/engine-page.ts'
import { startStopwatch, type Timing } from './stopwatch.ts'

/** How our engine is to run; by default on wasm, with as many threads as the machine suggests. */
export type EngineChoice = Pick<WorkerEngineOptions, 'guess' | 'slots'> & {
  threads?: number
  backend?: Backend
}

/** An answer of our engine. */
export type EngineAnswer = Timing & { tokenIds: number[]; text: string }

const sampler = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 }
const seed = `0x${'00'.repeat(16)}` as const

let engine: Engine

/** Whether the browser has a GPU that is not imitated. */
export async function hasGpu(): Promise<boolean> {
  return (await probeMachine()).backends[0] === 'webgpu'
}

/** Loads a model into our engine. */
export async function loadEngine(
  folder: string,
  { threads, backend = 'wasm', ...options }: EngineChoice = {},
): Promise<void> {
  const machine = await probeMachine()
  const probe = async () => ({ ...machine, threads: threads ?? machine.threads })
  engine = createWorkerEngine({ ...options, probe })
  await engine.load(await readModel(folder), { backends: [backend] })
}

/** Answers greedily, clocked in the page that asked. */
export async function askEngine(conversation: ChatMessage[], maxTokens: number): Promise<EngineAnswer> {
  const promptIds = await engine.text.encodeChat(conversation)
  const tokenIds: number[] = []
  let text = ''
  const stopwatch = startStopwatch()
  const answer = engine.generate({ promptIds, sampler, seed, maxTokens, stop: [] })
  for await (const event of answer) {
    stopwatch.tick()
    tokenIds.push(event.tokenId)
    text += event.text
  }
  return { promptTokens: promptIds.length, tokens: tokenIds.length, ...stopwatch.read(), tokenIds, text }
}

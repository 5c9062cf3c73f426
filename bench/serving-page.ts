import { probeMachine } from '../src/engine/probe.ts'
import { createWorkerEngine, type WorkerEngineOptions } from '../src/engine/worker-engine.ts'
import type { Engine } from '../src/ports/engine.ts'
import { readModel } from '../tests/browser/engine-page.ts'

const sampler = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 }
const seed = `0x${'00'.repeat(16)}` as const

let engine: Engine

/** Loads the model on wasm with one thread. */
export async function load(
  folder: string,
  options: Pick<WorkerEngineOptions, 'guess' | 'slots'>,
): Promise<void> {
  const machine = await probeMachine()
  engine = createWorkerEngine({ ...options, probe: async () => ({ ...machine, threads: 1 }) })
  await engine.load(await readModel(folder), { backends: ['wasm'] })
}

/** Answers one prompt. `decodeMs` goes from the first token to the last. */
export async function answer(
  prompt: string,
  maxTokens: number,
): Promise<{ tokenIds: number[]; decodeMs: number }> {
  const { tokenIds, firstMs, lastMs } = await generate(await encode(prompt), maxTokens)
  return { tokenIds, decodeMs: lastMs - firstMs }
}

/** Answers prompts at once; returns the tokens per second that all of them got together. */
export async function answerTogether(prompts: string[], maxTokens: number): Promise<number> {
  const encoded = await Promise.all(prompts.map(encode))
  const startedMs = performance.now()
  const answers = await Promise.all(encoded.map((promptIds) => generate(promptIds, maxTokens)))
  const tokens = answers.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0)
  return (tokens / (performance.now() - startedMs)) * 1000
}

/**
 * Asks a second question after so many tokens of history. Returns the time to its first token, and the same
 * for a conversation of equal length that nobody has read before.
 */
export async function askAgain(
  history: string,
  historyTokens: number,
  question: string,
): Promise<{ nextTurnMs: number; unreadMs: number }> {
  const before = (await encode(history)).slice(0, historyTokens)
  const said = before.length > 0 ? (await generate(before, 8)).tokenIds : []
  const asked = await encode(question)
  const conversation = [...before, ...said, ...asked]
  const nextTurnMs = await timeFirstToken(conversation)
  const unlike = conversation[0]! + 1
  return { nextTurnMs, unreadMs: await timeFirstToken([unlike, ...conversation.slice(1)]) }
}

async function timeFirstToken(promptIds: number[]): Promise<number> {
  const startedMs = performance.now()
  return (await generate(promptIds, 1)).firstMs - startedMs
}

async function encode(prompt: string): Promise<number[]> {
  return engine.text.encodeChat([{ role: 'user', content: prompt }])
}

async function generate(promptIds: number[], maxTokens: number) {
  const tokenIds: number[] = []
  let firstMs = Number.NaN
  for await (const { tokenId } of engine.generate({ promptIds, sampler, seed, maxTokens, stop: [] })) {
    if (tokenIds.length === 0) firstMs = performance.now()
    tokenIds.push(tokenId)
  }
  return { tokenIds, firstMs, lastMs: performance.now() }
}

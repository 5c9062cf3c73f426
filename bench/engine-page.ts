import { Wllama } from '@wllama/wllama/esm/index.js'
import wllamaWasm from '@wllama/wllama/esm/wasm/wllama.wasm?url'
import type { ChatMessage } from '../src/domain/job.ts'
import { probeMachine } from '../src/engine/probe.ts'
import { createWorkerEngine } from '../src/engine/worker-engine.ts'
import type { Engine } from '../src/ports/engine.ts'
import { readModel } from '../tests/browser/engine-page.ts'

/** How one answer went. */
export type Timing = {
  promptTokens: number
  tokens: number
  firstTokenMs: number
  /** From the first token to the last. */
  decodeMs: number
}

let engine: Engine
let wllama: Wllama

/** Loads the model on wasm, with as many threads as the machine suggests or as are given. */
export async function loadEngine(folder: string, threads?: number): Promise<void> {
  const machine = await probeMachine()
  engine = createWorkerEngine({ probe: async () => ({ ...machine, threads: threads ?? machine.threads }) })
  await engine.load(await readModel(folder), { backends: ['wasm'] })
}

/** Loads the same file into llama.cpp, on the processor alone. */
export async function loadWllama(folder: string, threads: number): Promise<void> {
  wllama = new Wllama({ default: wllamaWasm }, { suppressNativeLog: true })
  await wllama.loadModel((await readModel(folder)).files, {
    n_threads: threads,
    n_ctx: 2048,
    n_gpu_layers: 0,
  })
}

/** Greedy decoding by our engine alone, clocked in the page that asked. */
export async function answerByEngine(prompt: string, maxTokens: number, system?: string): Promise<Timing> {
  const promptIds = await engine.text.encodeChat(converse(prompt, system))
  const sampler = { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 }
  const seed = `0x${'00'.repeat(16)}` as const
  const clock = startClock()
  const answer = engine.generate({ promptIds, sampler, seed, maxTokens, stop: [] })
  while (!(await answer.next()).done) clock.tick()
  return { promptTokens: promptIds.length, ...clock.read() }
}

/** The same by llama.cpp in WebAssembly. */
export async function answerByWllama(prompt: string, maxTokens: number, system?: string): Promise<Timing> {
  const clock = startClock()
  const chunks = await wllama.createChatCompletion({
    messages: converse(prompt, system),
    max_tokens: maxTokens,
    temperature: 0,
    cache_prompt: false,
    timings_per_token: true,
    stream: true,
  })
  let promptTokens = 0
  for await (const { choices, timings } of chunks) {
    promptTokens = timings?.prompt_n ?? promptTokens
    if (choices[0]?.delta.content) clock.tick()
  }
  return { promptTokens, ...clock.read() }
}

function converse(prompt: string, system?: string): ChatMessage[] {
  const asked: ChatMessage = { role: 'user', content: prompt }
  return system === undefined ? [asked] : [{ role: 'system', content: system }, asked]
}

function startClock() {
  const startedMs = performance.now()
  let firstMs = startedMs
  let lastMs = startedMs
  let tokens = 0
  return {
    tick() {
      lastMs = performance.now()
      if (tokens === 0) firstMs = lastMs
      tokens += 1
    },
    read: () => ({ tokens, firstTokenMs: firstMs - startedMs, decodeMs: lastMs - firstMs }),
  }
}

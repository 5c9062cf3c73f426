import { Wllama } from '@wllama/wllama/esm/index.js'
import wllamaWasm from '@wllama/wllama/esm/wasm/wllama.wasm?url'
import type { ChatMessage } from '../src/domain/job.ts'
import { readModel } from '../tests/browser/engine-page.ts'
import { startStopwatch, type Timing } from './stopwatch.ts'

/** How llama.cpp is to run. */
export type WllamaChoice = {
  threads: number
  /** Tokens that one conversation may have. */
  contextTokens: number
  /** Conversations that it decodes in one step, each in a slot of its own. */
  slots?: number
}

let wllama: Wllama

/** Loads the same file into llama.cpp in WebAssembly, on the processor alone. */
export async function loadWllama(
  folder: string,
  { threads, contextTokens, slots = 1 }: WllamaChoice,
): Promise<void> {
  wllama = new Wllama({ default: wllamaWasm }, { suppressNativeLog: true })
  await wllama.loadModel((await readModel(folder)).files, {
    n_threads: threads,
    // The slots share it.
    n_ctx: contextTokens * slots,
    n_parallel: slots,
    n_gpu_layers: 0,
  })
}

/** Answers greedily. With `reuse` it reads only what its slot has not read before. */
export async function askWllama(
  conversation: ChatMessage[],
  maxTokens: number,
  reuse: boolean,
): Promise<Timing & { text: string }> {
  const stopwatch = startStopwatch()
  const chunks = await wllama.createChatCompletion({
    messages: conversation,
    max_tokens: maxTokens,
    temperature: 0,
    cache_prompt: reuse,
    timings_per_token: true,
    stream: true,
  })
  let [promptTokens, tokens, text] = [0, 0, '']
  for await (const { choices, timings } of chunks) {
    text += choices[0]?.delta.content ?? ''
    if (!timings || timings.predicted_n <= tokens) continue
    promptTokens = timings.prompt_n + timings.cache_n
    tokens = timings.predicted_n
    stopwatch.tick()
  }
  return { promptTokens, tokens, ...stopwatch.read(), text }
}

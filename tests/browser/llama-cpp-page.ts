import { Wllama } from '@wllama/wllama/esm/index.js'
import wllamaWasm from '@wllama/wllama/esm/wasm/wllama.wasm?url'

/** A token that llama.cpp chose, with the log-probabilities of the likeliest. */
export type Choice = { id: number; top: { id: number; logprob: number }[] }

/** Its greedy answer, and how many tokens it read. */
export type LlamaCppAnswer = { promptTokens: number; choices: Choice[] }

/** What it reports of each token beyond its declared types. */
type Reported = { id: number; top_logprobs: { id: number; logprob: number }[] }

/** Lets llama.cpp answer with a model file. */
export async function answerByLlamaCpp(
  file: number[],
  content: string,
  maxTokens: number,
): Promise<LlamaCppAnswer> {
  const wllama = new Wllama({ default: wllamaWasm }, { suppressNativeLog: true })
  await wllama.loadModel([new Blob([Uint8Array.from(file)])], { n_threads: 1, n_ctx: 256, n_gpu_layers: 0 })
  const { usage, choices } = await wllama.createChatCompletion({
    messages: [{ role: 'user', content }],
    max_tokens: maxTokens,
    temperature: 0,
    logprobs: true,
    top_logprobs: 8,
    cache_prompt: false,
  })
  await wllama.exit()
  const reported = (choices[0]?.logprobs?.content ?? []) as unknown as Reported[]
  return {
    promptTokens: usage?.prompt_tokens ?? 0,
    choices: reported.map(({ id, top_logprobs: top }) => ({ id, top })),
  }
}

import {
  AutoModelForCausalLM,
  AutoTokenizer,
  env,
  type Tensor,
  TextStreamer,
} from '@huggingface/transformers'
import script from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url'
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url'
import type { ChatMessage } from '../src/domain/job.ts'
import { startStopwatch, type Timing } from './stopwatch.ts'

/** How transformers.js is to run. */
export type TransformersChoice = { device: 'wasm' | 'webgpu'; dtype: 'q8' | 'int8'; threads: number }

/** A call of the page; what it comes to goes back through the port beside it. */
export type TransformersCall =
  { name: 'load'; args: Parameters<typeof load> } | { name: 'ask'; args: Parameters<typeof ask> }

type Loaded = {
  model: Awaited<ReturnType<typeof AutoModelForCausalLM.from_pretrained>>
  tokenizer: Awaited<ReturnType<typeof AutoTokenizer.from_pretrained>>
}

let loaded: Loaded

/** Loads a folder of this origin. */
async function load(folder: string, { device, dtype, threads }: TransformersChoice): Promise<void> {
  env.allowRemoteModels = false
  env.allowLocalModels = true
  env.useBrowserCache = false
  const runtime = env.backends.onnx.wasm
  if (!runtime) throw new Error('transformers.js has no runtime here.')
  runtime.numThreads = threads
  runtime.wasmPaths = { mjs: new URL(script, location.href).href, wasm: new URL(wasm, location.href).href }
  loaded = {
    model: await AutoModelForCausalLM.from_pretrained(folder, { device, dtype }),
    tokenizer: await AutoTokenizer.from_pretrained(folder),
  }
}

/** Answers greedily by `generate()`. */
async function ask(conversation: ChatMessage[], maxTokens: number): Promise<Timing & { text: string }> {
  const { model, tokenizer } = loaded
  const inputs = tokenizer.apply_chat_template(conversation, {
    add_generation_prompt: true,
    return_dict: true,
  }) as { input_ids: Tensor; attention_mask: Tensor }
  const promptTokens = inputs.input_ids.dims[1]!
  const stopwatch = startStopwatch()
  let [tokens, text] = [0, '']
  const streamer = new TextStreamer(tokenizer, {
    skip_prompt: true,
    token_callback_function: () => {
      stopwatch.tick()
      tokens++
    },
    callback_function: (piece) => (text += piece),
  })
  await model.generate({ ...inputs, max_new_tokens: maxTokens, do_sample: false, streamer })
  return { promptTokens, tokens, ...stopwatch.read(), text }
}

globalThis.addEventListener('message', ({ data, ports: [port] }: MessageEvent<TransformersCall>) => {
  const done = data.name === 'load' ? load(...data.args) : ask(...data.args)
  done.then(
    (value) => port!.postMessage({ value }),
    (error: unknown) => port!.postMessage({ error: String(error) }),
  )
})

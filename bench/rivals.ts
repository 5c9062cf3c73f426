import { openAsBlob } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import type { ChatMessage } from '../src/domain/job.ts'
import { moduleIn, type Harness } from '../tests/browser/harness.ts'
import { writeOnnxFolder } from '../tools/onnx-folder/write-onnx-folder.ts'
import type * as EnginePage from './engine-page.ts'
import type { Timing } from './stopwatch.ts'
import type * as TransformersPage from './transformers-page.ts'
import type * as WllamaPage from './wllama-page.ts'

/** The model that every engine of a bench runs, as the page reads it. */
export const modelFolder = '/public/models/smollm2-135m-instruct'
const modelFile = `${modelFolder}/SmolLM2-135M-Instruct.Q4_1.gguf`
/** The same weights in transformers.js's layout. */
const onnxFolder = '/.opentab/bench/smollm2-135m-instruct-onnx'
const pathOf = (address: string) => fileURLToPath(new URL(`..${address}`, import.meta.url))

/** An engine that answers with the same model. */
export type Contender = {
  name: string
  /** Whether it can go on from what it has read before. */
  remembers: boolean
  /** Answers greedily. With `reuse` it need not read again what it remembers. */
  ask(
    conversation: ChatMessage[],
    maxTokens: number,
    options?: { reuse?: boolean },
  ): Promise<Timing & { text: string }>
}

/** Our engine, which tells the tokens too. */
export type OurContender = Pick<Contender, 'name' | 'remembers'> & {
  ask(conversation: ChatMessage[], maxTokens: number): Promise<EnginePage.EngineAnswer>
}

/** Opens a page whose policy allows what rivals do: they start workers from blobs. */
export async function openRivalPage(harness: Harness): Promise<Page> {
  return harness.openPage(await harness.context.browser()!.newContext({ bypassCSP: true }))
}

/** Our engine; without guesses unless asked for, so that every token costs a step. */
export async function openEngine(
  page: Page,
  { guess = false, ...choice }: EnginePage.EngineChoice,
): Promise<OurContender> {
  const ours = moduleIn<typeof EnginePage>(page, 'bench/engine-page.ts')
  await ours.call('loadEngine', modelFolder, { guess, ...choice })
  return {
    name: 'ours',
    remembers: true,
    ask: (conversation, maxTokens) => ours.call('askEngine', conversation, maxTokens),
  }
}

/** llama.cpp in WebAssembly on the same file. */
export async function openWllama(page: Page, choice: WllamaPage.WllamaChoice): Promise<Contender> {
  const wllama = moduleIn<typeof WllamaPage>(page, 'bench/wllama-page.ts')
  await wllama.call('loadWllama', modelFolder, choice)
  return {
    name: 'wllama',
    remembers: true,
    ask: (conversation, maxTokens, { reuse = false } = {}) =>
      wllama.call('askWllama', conversation, maxTokens, reuse),
  }
}

/** transformers.js on a folder of the same weights: on wasm in the form that it takes there by itself. */
export async function openTransformers(
  page: Page,
  choice: { device: 'wasm' | 'webgpu'; threads: number },
): Promise<Contender> {
  const type = choice.device === 'wasm' ? 'q8' : 'int8'
  const folder = `${onnxFolder}-${type}`
  await writeOnnxFolder(await openAsBlob(pathOf(modelFile)), pathOf(folder), { type })
  const transformers = moduleIn<typeof TransformersPage>(page, 'bench/transformers-page.ts')
  await transformers.call('loadTransformers', folder, { ...choice, dtype: type })
  return {
    name: 'transformers.js',
    remembers: false,
    ask: (conversation, maxTokens) => transformers.call('askTransformers', conversation, maxTokens),
  }
}

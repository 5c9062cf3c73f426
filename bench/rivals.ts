import type { Page } from 'playwright-core'
import type { ChatMessage } from '../src/domain/job.ts'
import { moduleIn, type Harness } from '../tests/browser/harness.ts'
import type * as EnginePage from './engine-page.ts'
import type { Timing } from './stopwatch.ts'
import type * as WllamaPage from './wllama-page.ts'

/** The model that every engine of a bench runs, as the page reads it. */
export const modelFolder = '/public/models/smollm2-135m-instruct'

/** An engine that answers with the same model. */
export type Contender = {
  name: string
  /** Answers greedily. With `reuse` it need not read again what it has read before. */
  ask(
    conversation: ChatMessage[],
    maxTokens: number,
    options?: { reuse?: boolean },
  ): Promise<Timing & { text: string }>
}

/** Our engine, which tells the tokens too. */
export type OurContender = Pick<Contender, 'name'> & {
  ask(conversation: ChatMessage[], maxTokens: number): Promise<EnginePage.EngineAnswer>
}

/** Returns a conversation of one message. */
export function say(content: string): ChatMessage[] {
  return [{ role: 'user', content }]
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
    ask: (conversation, maxTokens) => ours.call('askEngine', conversation, maxTokens),
  }
}

/** llama.cpp in WebAssembly on the same file. */
export async function openWllama(page: Page, choice: WllamaPage.WllamaChoice): Promise<Contender> {
  const wllama = moduleIn<typeof WllamaPage>(page, 'bench/wllama-page.ts')
  await wllama.call('loadWllama', modelFolder, choice)
  return {
    name: 'wllama',
    ask: (conversation, maxTokens, { reuse = false } = {}) =>
      wllama.call('askWllama', conversation, maxTokens, reuse),
  }
}

import { moduleIn, openHarness } from '../tests/browser/harness.ts'
import type * as EnginePage from './engine-page.ts'
import { type Bench, compare } from './measurement.ts'

const modelFolder = '/public/models/smollm2-135m-instruct'
const rounds = 3
const decodeTokens = 64
const longPrompt = 'The tide goes out and the boats lie on the sand until it comes in again. '.repeat(12)

/** Our engine and llama.cpp in WebAssembly: the same GGUF file, the same browser, one thread each. */
export const engineBench: Bench = {
  names: ['decode', 'prefill'],
  async run() {
    const harness = await openHarness()
    try {
      // The rival starts its worker from a blob, which our own policy forbids.
      const context = await harness.context.browser()!.newContext({ bypassCSP: true })
      const page = moduleIn<typeof EnginePage>(await harness.openPage(context), 'bench/engine-page.ts')
      await page.call('loadEngine', modelFolder, 1)
      await page.call('loadWllama', modelFolder, 1)
      const decode = { ours: [] as number[], rival: [] as number[] }
      const prefill = { ours: [] as number[], rival: [] as number[] }
      for (let round = 0; round < rounds; round++) {
        const story = `Tell me a long story about lighthouse number ${round}.`
        decode.ours.push(decodeSpeed(await page.call('answerByEngine', story, decodeTokens)))
        decode.rival.push(decodeSpeed(await page.call('answerByWllama', story, decodeTokens)))
        // A system prompt of its own, so that nothing of it was read before.
        const system = `${round}. Read.`
        prefill.ours.push(prefillSpeed(await page.call('answerByEngine', longPrompt, 1, system)))
        prefill.rival.push(prefillSpeed(await page.call('answerByWllama', longPrompt, 1, system)))
      }
      return [
        compare('decode', 'tokens/s', 'wllama', decode),
        compare('prefill', 'tokens/s', 'wllama', prefill),
      ]
    } finally {
      await harness.close()
    }
  },
}

const decodeSpeed = ({ tokens, decodeMs }: EnginePage.Timing) => ((tokens - 1) / decodeMs) * 1000
const prefillSpeed = ({ promptTokens, firstTokenMs }: EnginePage.Timing) =>
  (promptTokens / firstTokenMs) * 1000

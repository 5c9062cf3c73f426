import { isDeepStrictEqual } from 'node:util'
import { openHarness } from '../tests/browser/harness.ts'
import { type Bench, compare, type Figures } from './measurement.ts'
import { copyPrompt, passages, say, storyPrompt } from './prompts.ts'
import { openEngine, openRivalPage, openWllama } from './rivals.ts'
import { decodeSpeed } from './stopwatch.ts'

const tasks = [
  { name: 'guessing-copies', prompts: passages.map(copyPrompt), maxTokens: 128, goal: 2.5 },
  { name: 'guessing-stories', prompts: [1, 2, 3].map(storyPrompt), maxTokens: 96, goal: undefined },
]

/** Guessing tokens against our own engine without, and against wllama: texts that copy, and texts that do not. */
export const guessingBench: Bench = {
  names: tasks.map(({ name }) => name),
  async run({ wants }) {
    const harness = await openHarness()
    try {
      const guessing = await openEngine(await openRivalPage(harness), { threads: 1, guess: true })
      const page = await openRivalPage(harness)
      const plain = await openEngine(page, { threads: 1 })
      const wllama = await openWllama(page, { threads: 1, contextTokens: 1024 })
      const measurements = []
      for (const { name, prompts, maxTokens, goal } of tasks.filter((task) => wants(task.name))) {
        const speeds: Record<'guessing' | 'plain' | 'wllama', number[]> = {
          guessing: [],
          plain: [],
          wllama: [],
        }
        for (const prompt of prompts) {
          const guessed = await guessing.ask(say(prompt), maxTokens)
          const unaided = await plain.ask(say(prompt), maxTokens)
          if (!isDeepStrictEqual(guessed.tokenIds, unaided.tokenIds))
            throw new Error('Guesses changed an answer.')
          speeds.guessing.push(decodeSpeed(guessed))
          speeds.plain.push(decodeSpeed(unaided))
          speeds.wllama.push(decodeSpeed(await wllama.ask(say(prompt), maxTokens)))
        }
        const against = (rival: number[]): Figures => ({ ours: speeds.guessing, rival })
        measurements.push(
          compare(name, 'tokens/s', 'wllama', against(speeds.wllama), goal),
          compare(name, 'tokens/s', 'without', against(speeds.plain)),
        )
      }
      return measurements
    } finally {
      await harness.close()
    }
  },
}

import { isDeepStrictEqual } from 'node:util'
import { openHarness } from '../tests/browser/harness.ts'
import { type Bench, compare, type Measurement } from './measurement.ts'
import { copyPrompt, editPrompt, passages, quotePrompt, replacements, say, storyPrompt } from './prompts.ts'
import { type Contender, openEngine, openRivalPage, openWllama, type OurContender } from './rivals.ts'
import { decodeSpeed } from './stopwatch.ts'

const code = passages.at(-1)!
const codeReplacement = replacements.at(-1)!

/** What is asked, and the speed wanted of it in wllama's and in our own without guesses. */
type Task = { name: string; prompts: string[]; maxTokens: number; goal?: number; goalWithout?: number }

const tasks: Task[] = [
  { name: 'guessing-copies', prompts: passages.map(copyPrompt), maxTokens: 128, goal: 2.5 },
  {
    name: 'guessing-edits',
    prompts: passages.map((passage, index) => editPrompt(passage, replacements[index]!)),
    maxTokens: 128,
    goal: 2.5,
  },
  { name: 'guessing-quotes', prompts: passages.map(quotePrompt), maxTokens: 96, goal: 2.5 },
  {
    name: 'guessing-code',
    prompts: [copyPrompt(code), editPrompt(code, codeReplacement)],
    maxTokens: 128,
    goal: 2.5,
  },
  // "No slower": as far as one run can tell.
  { name: 'guessing-stories', prompts: [1, 2, 3].map(storyPrompt), maxTokens: 96, goalWithout: 0.95 },
]

type Contenders = { guessing: OurContender; plain: OurContender; wllama: Contender }

/** Guessing tokens against our own engine without, and against wllama: texts that copy, and texts that do not. */
export const guessingBench: Bench = {
  names: tasks.map(({ name }) => name),
  async run({ rounds, wants }) {
    const harness = await openHarness()
    try {
      const guessing = await openEngine(await openRivalPage(harness), { threads: 1, guess: true })
      const page = await openRivalPage(harness)
      const plain = await openEngine(page, { threads: 1 })
      const wllama = await openWllama(page, { threads: 1, contextTokens: 1024 })
      const measurements: Measurement[] = []
      for (const task of tasks.filter(({ name }) => wants(name))) {
        measurements.push(...(await measure(task, { guessing, plain, wllama }, rounds)))
      }
      return measurements
    } finally {
      await harness.close()
    }
  },
}

async function measure(
  { name, prompts, maxTokens, goal, goalWithout }: Task,
  { guessing, plain, wllama }: Contenders,
  rounds: number,
): Promise<Measurement[]> {
  const speeds: Record<keyof Contenders, number[]> = { guessing: [], plain: [], wllama: [] }
  for (let round = 0; round < rounds; round++) {
    const prompt = say(prompts[round % prompts.length]!)
    const guessed = await guessing.ask(prompt, maxTokens)
    const unaided = await plain.ask(prompt, maxTokens)
    if (!isDeepStrictEqual(guessed.tokenIds, unaided.tokenIds)) throw new Error('Guesses changed an answer.')
    speeds.guessing.push(decodeSpeed(guessed))
    speeds.plain.push(decodeSpeed(unaided))
    speeds.wllama.push(decodeSpeed(await wllama.ask(prompt, maxTokens)))
  }
  return [
    compare(name, 'tokens/s', 'wllama', { ours: speeds.guessing, rival: speeds.wllama }, goal),
    compare(name, 'tokens/s', 'without', { ours: speeds.guessing, rival: speeds.plain }, goalWithout),
  ]
}

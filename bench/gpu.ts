import { moduleIn, openHarness } from '../tests/browser/harness.ts'
import { askTogether } from './ask-together.ts'
import type * as EnginePage from './engine-page.ts'
import { type Bench, compare, type Figures, type Measurement } from './measurement.ts'
import { histories, measureNextTurn } from './next-turn.ts'
import { say, sayAtLength, storyPrompt } from './prompts.ts'
import { type Contender, openEngine, openRivalPage, openTransformers } from './rivals.ts'
import { decodeSpeed, prefillSpeed } from './stopwatch.ts'

const contexts = [64, 1000, 4000]
const decodeTokens = 128
/** Answers at once. */
const counts = [2, 4, 8]
/** Ratio of four at once to one that the project wants to reach. */
const goalAtFour = 2.5
const togetherAt = (requests: number) => `gpu-together-${requests}`
const nextTurnAt = (tokens: number) => `gpu-next-turn-${tokens}`
const decodeAt = (tokens: number) => `gpu-decode-${tokens}`
const prefillAt = (tokens: number) => `gpu-prefill-${tokens}`
/** Linux hides its GPU from pages otherwise. */
const args = ['--enable-unsafe-webgpu', '--enable-features=Vulkan']

/** The same on a GPU, against single streams of transformers.js; nothing where the browser has none. */
export const gpuBench: Bench = {
  names: [
    ...contexts.flatMap((tokens) => [decodeAt(tokens), prefillAt(tokens)]),
    ...counts.map(togetherAt),
    ...histories.map(nextTurnAt),
  ],
  async run({ rounds, wants }) {
    const harness = await openHarness({ args })
    try {
      const page = await openRivalPage(harness)
      if (!(await moduleIn<typeof EnginePage>(page, 'bench/engine-page.ts').call('hasGpu'))) {
        console.log('No figures for a GPU: the browser has none here.')
        return []
      }
      const ours = await openEngine(page, { backend: 'webgpu', slots: Math.max(...counts) })
      const rival = await openTransformers(page, { device: 'webgpu', threads: 1 })
      for (const { ask } of [ours, rival]) await ask(say('Hello.'), 4)
      const measurements: Measurement[] = []
      for (const tokens of contexts.filter((tokens) => wants(decodeAt(tokens)) || wants(prefillAt(tokens)))) {
        measurements.push(...(await measureAlone(ours, rival, tokens, rounds)))
      }
      for (const requests of counts.filter((requests) => wants(togetherAt(requests)))) {
        measurements.push(await measureTogether(ours, requests, rounds))
      }
      for (const tokens of histories.filter((tokens) => wants(nextTurnAt(tokens)))) {
        measurements.push(...(await measureNextTurn(nextTurnAt(tokens), tokens, rounds, ours)))
      }
      return measurements
    } finally {
      await harness.close()
    }
  },
}

/** One answer at a time. */
async function measureAlone(
  ours: Contender,
  rival: Contender,
  tokens: number,
  rounds: number,
): Promise<Measurement[]> {
  const decode: Figures = { ours: [], rival: [] }
  const prefill: Figures = { ours: [], rival: [] }
  for (let round = 0; round < rounds; round++) {
    const prompt = sayAtLength(tokens, round)
    for (const [side, { ask }] of [
      ['ours', ours],
      ['rival', rival],
    ] as const) {
      const timing = await ask(prompt, decodeTokens)
      decode[side].push(decodeSpeed(timing))
      prefill[side].push(prefillSpeed(timing))
    }
  }
  return [
    compare(decodeAt(tokens), 'tokens/s', rival.name, decode),
    compare(prefillAt(tokens), 'tokens/s', rival.name, prefill),
  ]
}

async function measureTogether(ours: Contender, requests: number, rounds: number): Promise<Measurement> {
  const figures: Figures = { ours: [], rival: [] }
  for (let round = 0; round < rounds; round++) {
    const conversations = Array.from({ length: requests }, (_, index) =>
      say(storyPrompt(100 * round + index)),
    )
    figures.ours.push(await askTogether(ours, conversations, decodeTokens))
    figures.rival.push(await askTogether(ours, conversations.slice(0, 1), decodeTokens))
  }
  const goal = requests === 4 ? goalAtFour : undefined
  return compare(togetherAt(requests), 'tokens/s', 'one request', figures, goal)
}

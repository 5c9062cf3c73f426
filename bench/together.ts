import { type Harness, openHarness } from '../tests/browser/harness.ts'
import { askTogether } from './ask-together.ts'
import { type Bench, type BenchOptions, compare, type Measurement } from './measurement.ts'
import { storyPrompt } from './prompts.ts'
import { openEngine, openRivalPage, openWllama } from './rivals.ts'

const threadCounts = [1, 2]
const counts = [1, 2, 4, 8]
const maxTokens = 48
/** Ratio to wllama's slots that the project wants to reach with eight at once. */
const goalAtEight = 5

const nameOf = (requests: number, threads: number) => `together-${requests}-${threads}t`

/** Several requests at once, against as many in wllama's slots and against one alone: tokens per second of all. */
export const togetherBench: Bench = {
  names: threadCounts.flatMap((threads) => counts.map((requests) => nameOf(requests, threads))),
  async run(options) {
    const harness = await openHarness()
    try {
      const measurements: Measurement[] = []
      for (const threads of threadCounts) {
        const wanted = counts.filter((requests) => options.wants(nameOf(requests, threads)))
        if (wanted.length > 0) measurements.push(...(await measure(harness, threads, wanted, options)))
      }
      return measurements
    } finally {
      await harness.close()
    }
  },
}

async function measure(
  harness: Harness,
  threads: number,
  wanted: number[],
  { rounds }: BenchOptions,
): Promise<Measurement[]> {
  const page = await openRivalPage(harness)
  const slots = Math.max(...wanted)
  const ours = await openEngine(page, { threads, slots })
  const wllama = await openWllama(page, { threads, slots, contextTokens: 256 })
  const taken = [1, ...wanted.filter((requests) => requests > 1)]
  const speeds = new Map(taken.map((requests) => [requests, { ours: [] as number[], rival: [] as number[] }]))
  for (let round = 0; round < rounds; round++) {
    for (const [requests, figures] of speeds) {
      const prompts = Array.from({ length: requests }, (_, index) => storyPrompt(100 * round + index))
      figures.ours.push(await askTogether(ours, prompts, maxTokens))
      figures.rival.push(await askTogether(wllama, prompts, maxTokens))
    }
  }
  await page.context().close()
  const alone = speeds.get(1)!.ours
  return wanted.flatMap((requests) => {
    const name = nameOf(requests, threads)
    const figures = speeds.get(requests)!
    const goal = requests === 8 ? goalAtEight : undefined
    const againstWllama = compare(name, 'tokens/s', `wllama, ${requests} in slots`, figures, goal)
    if (requests === 1) return [againstWllama]
    return [againstWllama, compare(name, 'tokens/s', 'one request', { ours: figures.ours, rival: alone })]
  })
}

import { type Harness, openHarness } from '../tests/browser/harness.ts'
import { askTogether } from './ask-together.ts'
import { type Bench, type BenchOptions, compare, type Measurement } from './measurement.ts'
import { say, sayAtLength, storyPrompt } from './prompts.ts'
import { openEngine, openRivalPage, openWllama } from './rivals.ts'

const maxTokens = 48
/** Ratio to wllama's slots that the project wants to reach with eight at once. */
const goalAtEight = 5

/** Requests whose prompts have so many tokens; short ones where no number is given. */
type Place = { threads: number; promptTokens?: number }

const nameOf = (requests: number, { threads, promptTokens }: Place) =>
  ['together', promptTokens, requests, `${threads}t`].filter(Boolean).join('-')

/** How many at once are measured. A round of long prompts takes wllama five minutes with two threads, and ten with one. */
const rows: (Place & { counts: number[] })[] = [
  { threads: 1, counts: [1, 2, 4, 8] },
  { threads: 2, counts: [1, 2, 4, 8] },
  { threads: 1, promptTokens: 1000, counts: [8] },
  { threads: 2, promptTokens: 1000, counts: [8] },
]

/** Several requests at once, against as many in wllama's slots and against one alone: tokens per second of all. */
export const togetherBench: Bench = {
  names: rows.flatMap(({ counts, ...place }) => counts.map((requests) => nameOf(requests, place))),
  async run(options) {
    const harness = await openHarness()
    try {
      const measurements: Measurement[] = []
      for (const { counts, ...place } of rows) {
        const wanted = counts.filter((requests) => options.wants(nameOf(requests, place)))
        if (wanted.length > 0) measurements.push(...(await measure(harness, place, wanted, options)))
      }
      return measurements
    } finally {
      await harness.close()
    }
  },
}

async function measure(
  harness: Harness,
  place: Place,
  wanted: number[],
  { rounds }: BenchOptions,
): Promise<Measurement[]> {
  const { threads, promptTokens } = place
  const page = await openRivalPage(harness)
  const slots = Math.max(...wanted)
  const ours = await openEngine(page, { threads, slots })
  const wllama = await openWllama(page, { threads, slots, contextTokens: (promptTokens ?? 0) + 256 })
  const taken = [1, ...wanted.filter((requests) => requests > 1)]
  const speeds = new Map(taken.map((requests) => [requests, { ours: [] as number[], rival: [] as number[] }]))
  for (let round = 0; round < rounds; round++) {
    for (const [requests, figures] of speeds) {
      const conversations = Array.from({ length: requests }, (_, index) => {
        // What was read for one alone is not remembered for the first of several.
        const number = 100 * round + 10 * requests + index
        return promptTokens ? sayAtLength(promptTokens, number) : say(storyPrompt(number))
      })
      figures.ours.push(await askTogether(ours, conversations, maxTokens))
      figures.rival.push(await askTogether(wllama, conversations, maxTokens))
    }
  }
  await page.context().close()
  const alone = speeds.get(1)!.ours
  return wanted.flatMap((requests) => {
    const name = nameOf(requests, place)
    const figures = speeds.get(requests)!
    const goal = requests === 8 ? goalAtEight : undefined
    const againstWllama = compare(name, 'tokens/s', `wllama, ${requests} in slots`, figures, goal)
    if (requests === 1) return [againstWllama]
    return [againstWllama, compare(name, 'tokens/s', 'one request', { ours: figures.ours, rival: alone })]
  })
}

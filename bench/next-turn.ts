import { openHarness } from '../tests/browser/harness.ts'
import { type Bench, compare, type Measurement } from './measurement.ts'
import { say, sayAtLength } from './prompts.ts'
import { type Contender, openEngine, openRivalPage, openWllama } from './rivals.ts'
import { startSpeed } from './stopwatch.ts'

const histories = [0, 256, 1024]
const fullTokens = 1024
/** Beginning ten times as fast as after a full prefill is the goal. */
const goal = 10

const nameOf = (tokens: number) => `next-turn-${tokens}`

/** How fast a second turn begins, against wllama's and against reading 1,024 tokens; with one thread. */
export const nextTurnBench: Bench = {
  names: histories.map(nameOf),
  async run({ rounds, wants }) {
    const harness = await openHarness()
    try {
      const page = await openRivalPage(harness)
      const ours = await openEngine(page, { threads: 1 })
      const wllama = await openWllama(page, { threads: 1, contextTokens: 2048 })
      const measurements: Measurement[] = []
      for (const tokens of histories.filter((tokens) => wants(nameOf(tokens)))) {
        const starts: Record<'ours' | 'full' | 'wllama', number[]> = { ours: [], full: [], wllama: [] }
        for (let round = 0; round < rounds; round++) {
          starts.ours.push(await startSecondTurn(ours, tokens, round))
          starts.wllama.push(await startSecondTurn(wllama, tokens, round))
          const unread = sayAtLength(fullTokens, 100 + 10 * tokens + round)
          starts.full.push(startSpeed(await ours.ask(unread, 1)))
        }
        const against = (rival: number[]) => ({ ours: starts.ours, rival })
        measurements.push(
          compare(nameOf(tokens), 'starts/s', 'reading 1,024 tokens', against(starts.full), goal),
          compare(nameOf(tokens), 'starts/s', 'wllama', against(starts.wllama)),
        )
      }
      return measurements
    } finally {
      await harness.close()
    }
  },
}

/** Asks something after so many tokens of history, which were read in the turn before. */
async function startSecondTurn({ ask }: Contender, historyTokens: number, round: number): Promise<number> {
  const question = say(`And what about day ${round}?`)
  if (historyTokens === 0) return startSpeed(await ask(question, 1, { reuse: true }))
  const history = sayAtLength(historyTokens, historyTokens + round)
  const { text } = await ask(history, 8, { reuse: true })
  const conversation = [...history, { role: 'assistant' as const, content: text }, ...question]
  return startSpeed(await ask(conversation, 1, { reuse: true }))
}

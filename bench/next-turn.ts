import { openHarness } from '../tests/browser/harness.ts'
import { type Bench, compare, type Measurement } from './measurement.ts'
import { say, sayAtLength } from './prompts.ts'
import { type Contender, openEngine, openRivalPage, openWllama } from './rivals.ts'
import { startSpeed } from './stopwatch.ts'

/** Tokens of the turn before. */
export const histories = [0, 256, 1024]
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
        measurements.push(...(await measureNextTurn(nameOf(tokens), tokens, rounds, ours, wllama)))
      }
      return measurements
    } finally {
      await harness.close()
    }
  },
}

/** Compares how fast a second turn begins after so many tokens with reading 1,024 anew, and with a rival that remembers. */
export async function measureNextTurn(
  name: string,
  tokens: number,
  rounds: number,
  ours: Contender,
  rival?: Contender,
): Promise<Measurement[]> {
  const starts: Record<'ours' | 'full' | 'rival', number[]> = { ours: [], full: [], rival: [] }
  for (let round = 0; round < rounds; round++) {
    starts.ours.push(await startSecondTurn(ours, tokens, round))
    if (rival) starts.rival.push(await startSecondTurn(rival, tokens, round))
    const unread = sayAtLength(fullTokens, 100 + 10 * tokens + round)
    starts.full.push(startSpeed(await ours.ask(unread, 1)))
  }
  const against = (figures: number[]) => ({ ours: starts.ours, rival: figures })
  const againstFull = compare(name, 'starts/s', 'reading 1,024 tokens', against(starts.full), goal)
  if (!rival) return [againstFull]
  return [againstFull, compare(name, 'starts/s', rival.name, against(starts.rival))]
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

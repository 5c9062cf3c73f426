import { type Harness, openHarness } from '../tests/browser/harness.ts'
import { type Bench, type BenchOptions, compare, type Figures, type Measurement } from './measurement.ts'
import { say, sayAtLength } from './prompts.ts'
import { openNative } from './native-engine.ts'
import { type Contender, openEngine, openRivalPage, openTransformers, openWllama } from './rivals.ts'
import { decodeSpeed, prefillSpeed, type Timing } from './stopwatch.ts'

const threadCounts = [1, 2]
const contexts = [64, 1000, 4000]
const decodeTokens = 48
/** Answers shorter than this say nothing of how fast they flow. */
const leastTokens = 16
/** From here on reading takes minutes: prompts are read once, and only decoding is measured. */
const readOnceTokens = 4000

type Task = 'decode' | 'prefill'
type Place = { tokens: number; threads: number }

const nameOf = (task: Task, { tokens, threads }: Place) => `${task}-${tokens}-${threads}t`
const tasksAt = (tokens: number): Task[] => (tokens < readOnceTokens ? ['decode', 'prefill'] : ['decode'])

/** Ratios that the project wants to reach against wllama with the same threads. */
const wllamaGoals: Record<string, number> = {
  'decode-64-1t': 1.8,
  'decode-64-2t': 1.3,
  'decode-1000-1t': 2,
  'decode-1000-2t': 2,
  'prefill-64-1t': 5,
  'prefill-64-2t': 5,
  'prefill-1000-1t': 5,
  'prefill-1000-2t': 5,
}

/** One answer at a time by our engine and by others: the same model file, the same browser, the same threads. */
export const speedBench: Bench = {
  names: threadCounts.flatMap((threads) =>
    contexts.flatMap((tokens) => tasksAt(tokens).map((task) => nameOf(task, { tokens, threads }))),
  ),
  async run(options) {
    const harness = await openHarness()
    try {
      const measurements: Measurement[] = []
      for (const threads of threadCounts) {
        const wanted = contexts.filter((tokens) => wantedTasks({ tokens, threads }, options).length > 0)
        if (wanted.length > 0) measurements.push(...(await measure(harness, threads, wanted, options)))
      }
      return measurements
    } finally {
      await harness.close()
    }
  },
}

function wantedTasks(place: Place, { wants }: BenchOptions): Task[] {
  return tasksAt(place.tokens).filter((task) => wants(nameOf(task, place)))
}

async function measure(
  harness: Harness,
  threads: number,
  wanted: number[],
  options: BenchOptions,
): Promise<Measurement[]> {
  const page = await openRivalPage(harness)
  const contextTokens = Math.max(...wanted) + 256
  const ours = await openEngine(page, { threads })
  const rivals = [
    await openWllama(page, { threads, contextTokens }),
    await openTransformers(page, { device: 'wasm', threads }),
    ...(await openCeiling(threads)),
  ]
  for (const { ask } of [ours, ...rivals]) await ask(say('Hello.'), 4)
  const measurements: Measurement[] = []
  for (const tokens of wanted) {
    const place = { tokens, threads }
    const able = tokens < readOnceTokens ? rivals : rivals.filter(({ remembers }) => remembers)
    const answers = await takeTurns([ours, ...able], place, options)
    for (const task of wantedTasks(place, options)) {
      measurements.push(...compareAll(task, place, answers, able))
    }
  }
  await page.context().close()
  return measurements
}

/** The native runtime, where npm can install it. */
async function openCeiling(threads: number): Promise<Contender[]> {
  try {
    return [await openNative(threads)]
  } catch (error) {
    console.error(`Without native onnxruntime: ${error instanceof Error ? error.message : error}`)
    return []
  }
}

type Answers = Map<string, Timing[]>

/** Lets everybody answer the same prompt, and so on round after round. */
async function takeTurns(contenders: Contender[], place: Place, options: BenchOptions): Promise<Answers> {
  const answers: Answers = new Map(contenders.map(({ name }) => [name, []]))
  const readOnce = place.tokens >= readOnceTokens
  const decodes = wantedTasks(place, options).includes('decode')
  if (readOnce) {
    for (const { ask } of contenders) await ask(sayAtLength(place.tokens, 0), 1, { reuse: true })
  }
  for (let round = 0; round < options.rounds; round++) {
    const prompt = sayAtLength(place.tokens, readOnce ? 0 : round)
    for (const { name, ask } of contenders) {
      const timing = await ask(prompt, decodes ? decodeTokens : 1, { reuse: readOnce })
      answers.get(name)!.push(timing)
    }
    checkSamePrompt(answers)
  }
  return answers
}

/** Tokenizers and templates that differ would make the figures meaningless. */
function checkSamePrompt(answers: Answers): void {
  const read = [...answers].map(([name, timings]) => [name, timings.at(-1)!.promptTokens] as const)
  if (new Set(read.map(([, tokens]) => tokens)).size === 1) return
  throw new Error(
    `The prompt has ${read.map(([name, tokens]) => `${tokens} tokens for ${name}`).join(', ')}.`,
  )
}

function compareAll(task: Task, place: Place, answers: Answers, rivals: Contender[]): Measurement[] {
  const name = nameOf(task, place)
  const speedsOf = (contender: string) =>
    task === 'decode'
      ? answers.get(contender)!.filter(isLong).map(decodeSpeed)
      : answers.get(contender)!.map(prefillSpeed)
  const ours = speedsOf('ours')
  if (ours.length === 0) throw new Error('Our engine answered too little.')
  return rivals.flatMap((rival) => {
    const figures: Figures = { ours, rival: speedsOf(rival.name) }
    if (figures.rival.length === 0) {
      console.error(`${name} without ${rival.name}: it answered too little.`)
      return []
    }
    const goal = rival.name === 'wllama' ? wllamaGoals[name] : undefined
    return compare(name, 'tokens/s', rival.name, figures, goal)
  })
}

const isLong = ({ tokens }: Timing) => tokens >= leastTokens

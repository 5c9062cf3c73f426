import { writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { ensureBrowser } from '../tools/install-browser.ts'
import { downloadBench } from './download.ts'
import { echoBench } from './echo.ts'
import { framesBench } from './frames.ts'
import { gasBench } from './gas.ts'
import { gpuBench } from './gpu.ts'
import { guessingBench } from './guessing.ts'
import { hubBench } from './hub.ts'
import { hubLatencyBench } from './hub-latency.ts'
import { loadBench } from './load.ts'
import { marketBench } from './market.ts'
import { type Bench, type Measurement, meetsGoal } from './measurement.ts'
import { nextTurnBench } from './next-turn.ts'
import { piecesBench } from './pieces.ts'
import { publishBench } from './publish.ts'
import { speedBench } from './speed.ts'
import { togetherBench } from './together.ts'

const benches: Bench[] = [
  echoBench,
  piecesBench,
  downloadBench,
  speedBench,
  guessingBench,
  togetherBench,
  nextTurnBench,
  gpuBench,
  loadBench,
  framesBench,
  hubBench,
  hubLatencyBench,
  gasBench,
  marketBench,
  publishBench,
]
const allNames = benches.flatMap(({ names }) => names)

const usage = `Usage: npm run bench -- [name…] [--rounds N] [--json FILE]

Prints each figure against a rival's from the same run; above ×1 ours is better. Without a name all benches run,
which takes more than an hour. The beginning of a name stands for all that go on from it: decode, together-8.

  names        ${allNames.join(', ')}
               (decode-64-1t: after 64 tokens of context, with one thread)
  --rounds N   takes each figure so often, and prints the median (default: 3)
  --json FILE  writes the figures as [{name, ours, rival, rivalName, unit, ratio, goal, addedMs}]`

process.once('disconnect', () => process.exit(1))
process.exit(await main())

async function main(): Promise<number> {
  const options = parseOptions()
  if (options === null) return 2
  if (options.help) {
    console.log(usage)
    return 0
  }
  if (!(await ensureBrowser())) return 1
  console.log(`${availableParallelism()} cores, ${loadavg()[0]!.toFixed(1)} of them busy before`)
  const measurements = await measure(options)
  if (options.json) await writeFile(options.json, `${JSON.stringify(measurements, null, 2)}\n`)
  return 0
}

type Options = { names: Set<string>; rounds: number; json?: string | undefined; help?: boolean | undefined }

/** Returns null, and says why, when the command line asks for what there is not. */
function parseOptions(): Options | null {
  try {
    const { values, positionals } = parseArgs({
      options: {
        rounds: { type: 'string', default: '3' },
        json: { type: 'string' },
        help: { type: 'boolean' },
      },
      allowPositionals: true,
    })
    const rounds = Number(values.rounds)
    if (!(Number.isInteger(rounds) && rounds >= 1)) throw new Error('--rounds is a whole number from 1.')
    const names = positionals.length > 0 ? positionals.flatMap(findNames) : allNames
    return { ...values, rounds, names: new Set(names) }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    return null
  }
}

function findNames(beginning: string): string[] {
  const found = allNames.filter((name) => name === beginning || name.startsWith(`${beginning}-`))
  if (found.length === 0) throw new Error(`There is no bench ${beginning}.`)
  return found
}

async function measure({ names, rounds }: Options): Promise<Measurement[]> {
  const measurements: Measurement[] = []
  const wants = (name: string) => names.has(name)
  for (const bench of benches.filter((bench) => bench.names.some(wants))) {
    const taken = (await bench.run({ rounds, wants })).filter(({ name }) => wants(name))
    for (const measurement of taken) console.log(describe(measurement))
    measurements.push(...taken)
  }
  return measurements
}

function describe(measurement: Measurement): string {
  const { name, ours, rival, rivalName, unit, ratio, goal, addedMs } = measurement
  const verdict =
    goal === undefined ? '' : `goal ×${goal.toFixed(2)} ${meetsGoal(measurement) ? 'met' : 'not met'}`
  const added = addedMs === undefined ? '' : `; ${addedMs.toPrecision(3)} ms more for each`
  const figures = `${ours.toPrecision(3)} ${unit}, ${rivalName} ${rival.toPrecision(3)}${added}`
  return `${name.padEnd(20)} ×${ratio.toFixed(2).padEnd(6)} ${verdict.padEnd(19)} (${figures})`
}

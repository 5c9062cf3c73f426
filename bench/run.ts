import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { ensureBrowser } from '../tools/install-browser.ts'
import { echoBench } from './echo.ts'
import { engineBench } from './engine.ts'
import { hubBench } from './hub.ts'
import { marketBench } from './market.ts'
import type { Bench, Measurement } from './measurement.ts'
import { guessingBench, nextTurnBench, togetherBench } from './serving.ts'

const benches: Bench[] = [
  echoBench,
  engineBench,
  guessingBench,
  togetherBench,
  nextTurnBench,
  hubBench,
  marketBench,
]
const allNames = benches.flatMap(({ names }) => names)

const usage = `Usage: npm run bench -- [name…] [--json FILE]

Prints each figure against a rival's from the same run; above ×1 ours is better. Without a name all benches run.

  names        ${allNames.join(', ')}
  --json FILE  writes the figures as [{name, ours, rival, rivalName, unit, ratio}]`

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
  const measurements = await measure(options.names)
  if (options.json) await writeFile(options.json, `${JSON.stringify(measurements, null, 2)}\n`)
  return 0
}

/** Returns null, and says why, when the command line asks for what there is not. */
function parseOptions(): { names: string[]; json?: string | undefined; help?: boolean | undefined } | null {
  try {
    const { values, positionals } = parseArgs({
      options: { json: { type: 'string' }, help: { type: 'boolean' } },
      allowPositionals: true,
    })
    const unknown = positionals.filter((name) => !allNames.includes(name))
    if (unknown.length > 0) throw new Error(`There is no bench ${unknown.join(', ')}.`)
    return { ...values, names: positionals.length > 0 ? positionals : allNames }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    return null
  }
}

async function measure(wanted: string[]): Promise<Measurement[]> {
  const measurements: Measurement[] = []
  for (const bench of benches.filter(({ names }) => names.some((name) => wanted.includes(name)))) {
    const taken = (await bench.run()).filter(({ name }) => wanted.includes(name))
    for (const measurement of taken) console.log(describe(measurement))
    measurements.push(...taken)
  }
  return measurements
}

function describe({ name, ours, rival, rivalName, unit, ratio }: Measurement): string {
  const figures = `${ours.toPrecision(3)} ${unit}, ${rivalName} ${rival.toPrecision(3)}`
  return `${name.padEnd(20)} ×${ratio.toFixed(2)}  (${figures})`
}

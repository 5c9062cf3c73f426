import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { ensureBrowser } from '../tools/install-browser.ts'
import { echoBench } from './echo.ts'
import { engineBench } from './engine.ts'
import { marketBench } from './market.ts'
import type { Bench, Measurement } from './measurement.ts'

const benches: Bench[] = [echoBench, engineBench, marketBench]
const allNames = benches.flatMap(({ names }) => names)

process.once('disconnect', () => process.exit(1))
process.exit(await main())

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true })
  const unknown = positionals.filter((name) => !allNames.includes(name))
  if (unknown.length > 0) {
    console.error(`There is no bench ${unknown.join(', ')}. Benches: ${allNames.join(', ')}`)
    return 2
  }
  if (!(await ensureBrowser())) return 1
  const measurements = await measure(positionals.length > 0 ? positionals : allNames)
  if (values.json) await writeFile(values.json, `${JSON.stringify(measurements, null, 2)}\n`)
  return 0
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

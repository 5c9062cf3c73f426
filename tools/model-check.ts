import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Backend } from '../src/ports/engine.ts'
import { moduleIn, openHarness } from '../tests/browser/harness.ts'
import type { Goldens, PromptScore } from './model-check/goldens.ts'
import type * as checkPage from './model-check-page.ts'
import { ToolError } from './tool-error.ts'

const usage = `Usage: npm run model:check -- --goldens FILE [options]

Runs a goldens file on the engine in a real browser and prints how far it is from the reference:
mean KL divergence in nats per token, and how often both find the same token likeliest.

  --goldens FILE      reference distributions (format: tests/fixtures/goldens)
  --backend NAME      wasm (default) or webgpu
  --model ADDRESS     folder of the model below the page (default: /models/smollm2-135m-instruct)
  --tolerance NATS    largest mean divergence that passes (default: 0.02)`

type CheckOptions = { goldensFile: string; backend: Backend; model: string; toleranceNats: number }

/** Prints the scores; returns whether the mean divergence is within the tolerance. */
async function checkModel({ goldensFile, backend, model, toleranceNats }: CheckOptions): Promise<boolean> {
  const goldens = JSON.parse(await readFile(goldensFile, 'utf8')) as Goldens
  const harness = await openHarness({ softwareWebGpu: backend === 'webgpu' })
  try {
    const page = await harness.openPage()
    const checked = moduleIn<typeof checkPage>(page, 'tools/model-check-page.ts')
    const loaded = await checked.call('load', model, backend)
    console.log(`${goldens.model} as ${loaded.arithmetic}, ${goldens.prompts.length} prompts`)
    console.log('mean KL   same top   tokens   prompt')
    const total: PromptScore = { positions: 0, klNats: 0, agreements: 0 }
    for (const prompt of goldens.prompts) {
      const score = await checked.call('score', prompt)
      print(score, prompt.messages.at(-1)?.content ?? '')
      total.positions += score.positions
      total.klNats += score.klNats
      total.agreements += score.agreements
    }
    print(total, 'all')
    const passed = total.klNats / total.positions <= toleranceNats
    console.log(`${passed ? 'Within' : 'Beyond'} the tolerance of ${toleranceNats} nats.`)
    return passed
  } finally {
    await harness.close()
  }
}

function print({ positions, klNats, agreements }: PromptScore, name: string): void {
  const columns = [
    (klNats / positions).toFixed(4).padStart(7),
    `${((100 * agreements) / positions).toFixed(1)}%`.padStart(9),
    String(positions).padStart(7),
    name.replaceAll(/\s+/g, ' ').slice(0, 60),
  ]
  console.log(columns.join('   '))
}

function parseFlags(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        goldens: { type: 'string' },
        backend: { type: 'string', default: 'wasm' },
        model: { type: 'string', default: '/models/smollm2-135m-instruct' },
        tolerance: { type: 'string', default: '0.02' },
      },
    }).values
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ToolError('tools/bad-option', `${message}\n\n${usage}`, { cause })
  }
}

function parseOptions(args: string[]): CheckOptions {
  const values = parseFlags(args)
  const { goldens: goldensFile, backend, model } = values
  const toleranceNats = Number(values.tolerance)
  if (!goldensFile) throw new ToolError('tools/bad-option', `--goldens is missing.\n\n${usage}`)
  if (backend !== 'wasm' && backend !== 'webgpu') {
    throw new ToolError('tools/bad-option', `--backend is wasm or webgpu.\n\n${usage}`)
  }
  if (!(toleranceNats >= 0)) throw new ToolError('tools/bad-option', `--tolerance is a number.\n\n${usage}`)
  return { goldensFile, backend, model, toleranceNats }
}

try {
  process.exitCode = (await checkModel(parseOptions(process.argv.slice(2)))) ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}

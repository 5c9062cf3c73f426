import { parseArgs } from 'node:util'
import { defaultRecipes, type RecipeName, recipes } from '../../src/engine/graph/recipe.ts'
import { ToolError } from '../tool-error.ts'

const embedded = '/models/smollm2-135m-instruct'
/** The weights and the arithmetic of WebGPU, on the processor. */
const floatRecipe: RecipeName = 'wasm-float-4'
/** Largest mean divergence from goldens: of products that round their inputs, and of those that do not. */
const allowedNats = { rounded: 0.02, float: 0.003 }

/** What `--help` prints. */
export const usage = `Usage: npm run model:check -- MODEL [options]
       npm run model:check -- --goldens FILE [options]

Checks a model as a tab does before it sells: its description, its id, every byte, whether the engine can run it, and
whether it gives its known answer. One line says how each check went; the exit status is 1 where one failed.

MODEL is a manifest.json, a folder that holds one, or the http address of either. The files lie beside it.

With a goldens file it tells besides how far the model is from the reference: mean KL divergence in nats per token, and
how often both find the same token likeliest. Without MODEL that alone is done, in a browser, with a model of the page.

  --goldens FILE      reference distributions (format: tests/fixtures/goldens)
  --tolerance NATS    largest mean divergence from them that passes (default: ${allowedNats.rounded}, and
                      ${allowedNats.float} with --float or webgpu)
  --backend NAME      wasm (default) or webgpu, on the browser's software adapter, which takes long
  --float             compute on the processor with the weights of the WebGPU graph and float products, where no GPU is
                      there; a folder of ONNX graphs has arithmetic of its own
  --browser           run the model in a real browser, which webgpu takes anyway, and not in Node
  --model ADDRESS     without MODEL: its folder below the page (default: ${embedded})
  --help              print this`

/** Distributions to compare with, and the largest mean divergence from them that passes. */
export type GoldensChoice = { file: string; toleranceNats: number }

/** What is to be checked: a model from its description on, or one of the page against goldens alone. */
export type CheckOptions =
  | { kind: 'model'; where: string; recipe: RecipeName; inBrowser: boolean; goldens: GoldensChoice | null }
  | { kind: 'goldens'; address: string; recipe: RecipeName; goldens: GoldensChoice }

/** Returns null where help is asked for. @throws ToolError `tools/bad-option` with the usage */
export function parseOptions(args: string[]): CheckOptions | null {
  const { values, positionals } = parseFlags(args)
  if (values.help) return null
  const [where, ...more] = positionals
  if (more.length > 0) throw badOption('One model is checked at a time.')
  const recipe = parseRecipe(values)
  const goldens = parseGoldens(values, recipe)
  if (where !== undefined) {
    if (values.model !== undefined)
      throw badOption('--model names a model of the page, in the place of MODEL.')
    const inBrowser = values.browser || recipes[recipe].backend === 'webgpu'
    return { kind: 'model', where, recipe, inBrowser, goldens }
  }
  if (!goldens) throw badOption('MODEL is missing, or --goldens.')
  return { kind: 'goldens', address: values.model ?? embedded, recipe, goldens }
}

function parseFlags(args: string[]) {
  const string = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        goldens: string,
        tolerance: string,
        backend: { type: 'string', default: 'wasm' },
        float: flag,
        browser: flag,
        model: string,
        help: flag,
      },
    })
  } catch (cause) {
    throw badOption(cause instanceof Error ? cause.message : String(cause))
  }
}

function parseRecipe({ backend, float }: { backend: string; float: boolean }): RecipeName {
  if (backend !== 'wasm' && backend !== 'webgpu') throw badOption('--backend is wasm or webgpu.')
  if (!float) return defaultRecipes[backend]
  if (backend === 'webgpu')
    throw badOption('--float computes on the processor, and --backend webgpu does not.')
  return floatRecipe
}

function parseGoldens(
  values: { goldens?: string; tolerance?: string },
  recipe: RecipeName,
): GoldensChoice | null {
  const { goldens: file, tolerance } = values
  if (file === undefined) {
    if (tolerance === undefined) return null
    throw badOption('--tolerance is how far a model may be from goldens, which are missing.')
  }
  const usualNats = recipes[recipe].smooth ? allowedNats.rounded : allowedNats.float
  const toleranceNats = Number(tolerance ?? usualNats)
  if (file === '') throw badOption('--goldens is a file.')
  if (tolerance === '' || !(toleranceNats >= 0)) throw badOption('--tolerance is a number from 0.')
  return { file, toleranceNats }
}

function badOption(message: string): ToolError {
  return new ToolError('tools/bad-option', `${message}\n\n${usage}`)
}

import { openAsBlob } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { calibrateModel } from '../src/engine/measure/calibrate-model.ts'
import { calibrationPrompts } from '../src/engine/measure/calibration-prompts.ts'
import { observeModel } from '../src/engine/measure/observe-model.ts'
import { nodePlace } from './node-runtime.ts'
import { ToolError } from './tool-error.ts'

const usage = `Usage: npm run model:calibrate -- MODEL.gguf [options]

Runs a model with float arithmetic over prompts and its own answers, measures how large the inputs of its products
get, and writes the scales that let the processor's 8-bit products keep close to them (SmoothQuant). The file
becomes part of the model: npm run model:publish takes it from there.

  --text FILE      prompts, separated by lines of --- (default: src/engine/measure/calibration-prompts.ts)
  --tokens N       greedy answer to each prompt, in tokens (default: 48)
  --strength A     0 leaves inputs as they are, 1 moves all of their outliers into the weights (default: 0.5)
  --out FILE       (default: smoothing.safetensors beside the model)`

type CalibrateOptions = {
  model: string
  text: string | undefined
  tokens: number
  strength: number
  out: string
}

/** Writes the smoothing file. */
async function calibrate({ model, text, tokens, strength, out }: CalibrateOptions): Promise<void> {
  const prompts = text === undefined ? calibrationPrompts : await readPrompts(text)
  const observed = await observeModel(await openAsBlob(model), nodePlace, () => {})
  const onPrompt = (done: number) => process.stderr.write(`\r${done} of ${prompts.length} prompts`)
  const options = { prompts, answerTokens: tokens, strength, onPrompt }
  const { smoothing, tokens: seen } = await calibrateModel(observed, options)
  process.stderr.write('\n')
  await writeFile(out, smoothing)
  console.log(`${out}: ${observed.points.size} points, ${seen} tokens seen, ${smoothing.length} bytes`)
}

async function readPrompts(file: string): Promise<string[]> {
  return (await readFile(file, 'utf8')).split(/^---$/m).map((prompt) => prompt.trim())
}

function parseOptions(args: string[]): CalibrateOptions {
  const { values, positionals } = parseFlags(args)
  const [model] = positionals
  if (!model) throw new ToolError('tools/bad-option', `The model file is missing.\n\n${usage}`)
  const [tokens, strength] = [Number(values.tokens), Number(values.strength)]
  if (!(Number.isInteger(tokens) && tokens >= 1)) {
    throw new ToolError('tools/bad-option', `--tokens is a whole number from 1.\n\n${usage}`)
  }
  if (!(strength >= 0 && strength <= 1)) {
    throw new ToolError('tools/bad-option', `--strength is a number from 0 to 1.\n\n${usage}`)
  }
  const out = values.out ?? join(dirname(model), 'smoothing.safetensors')
  return { model, text: values.text, tokens, strength, out }
}

function parseFlags(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        text: { type: 'string' },
        tokens: { type: 'string', default: '48' },
        strength: { type: 'string', default: '0.5' },
        out: { type: 'string' },
      },
    })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ToolError('tools/bad-option', `${message}\n\n${usage}`, { cause })
  }
}

try {
  await calibrate(parseOptions(process.argv.slice(2)))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

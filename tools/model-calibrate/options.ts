import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { ToolError } from '../tool-error.ts'

const usage = `Usage: npm run model:calibrate -- MODEL.gguf [options]

Runs a model with float arithmetic over prompts and its own answers, measures how large the inputs of its products
get, and writes the scales that let the processor's 8-bit products keep close to them (SmoothQuant). The file
becomes part of the model: npm run model:publish takes it from there.

  --text FILE      prompts, separated by lines of --- (default: src/engine/measure/calibration-prompts.ts)
  --tokens N       greedy answer to each prompt, in tokens (default: 48)
  --strength A     0 leaves inputs as they are, 1 moves all of their outliers into the weights (default: 0.5)
  --out FILE       (default: smoothing.safetensors beside the model)`

/** What a model is calibrated on, and where its scales go. */
export type CalibrateOptions = {
  model: string
  /** File of prompts; undefined takes the engine's own. */
  text: string | undefined
  tokens: number
  strength: number
  out: string
}

/** @throws ToolError `tools/bad-option` with the usage */
export function parseOptions(args: string[]): CalibrateOptions {
  const { values, positionals } = parseFlags(args)
  const [model] = positionals
  if (!model) throw badOption('The model file is missing.')
  if (positionals.length > 1) throw badOption('One model file is calibrated at a time.')
  const [tokens, strength] = [Number(values.tokens), Number(values.strength)]
  if (!(Number.isInteger(tokens) && tokens >= 1)) throw badOption('--tokens is a whole number from 1.')
  if (values.strength === '' || !(strength >= 0 && strength <= 1))
    throw badOption('--strength is a number from 0 to 1.')
  if (values.text === '' || values.out === '') throw badOption('--text and --out are files.')
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
    throw badOption(cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function badOption(message: string, cause?: unknown): ToolError {
  return new ToolError('tools/bad-option', `${message}\n\n${usage}`, { cause })
}

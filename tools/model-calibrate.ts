import { openAsBlob } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { calibrateModel } from '../src/engine/measure/calibrate-model.ts'
import { calibrationPrompts } from '../src/engine/measure/calibration-prompts.ts'
import { observeModel } from '../src/engine/measure/observe-model.ts'
import { type CalibrateOptions, parseOptions } from './model-calibrate/options.ts'
import { readPrompts } from './model-calibrate/read-prompts.ts'
import { nodePlace } from './node-runtime.ts'

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

try {
  await calibrate(parseOptions(process.argv.slice(2)))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

import { writeSmoothing } from '../graph/smoothing-file.ts'
import { sha256 } from '../worker/sha256.ts'
import { findSmoothing } from './find-smoothing.ts'
import type { ObservedModel } from './observe-model.ts'

/** What a model is calibrated on. */
export type CalibrationOptions = {
  prompts: readonly string[]
  /** Greedy answer to each prompt, in tokens. */
  answerTokens: number
  /** 0 leaves inputs as they are, 1 moves all of their outliers into the weights. */
  strength: number
  signal?: AbortSignal | undefined
  onPrompt?: (done: number) => void
}

/** The smoothing file of a model, and how many tokens of answers it rests on. */
export type Calibration = { smoothing: Uint8Array<ArrayBuffer>; tokens: number }

/** Runs a model over prompts and its own answers, and returns the scales that follow (SmoothQuant). */
export async function calibrateModel(
  model: ObservedModel,
  { prompts, answerTokens, strength, signal, onPrompt = () => {} }: CalibrationOptions,
): Promise<Calibration> {
  let tokens = 0
  for (const [index, content] of prompts.entries()) {
    const promptIds = await model.text.encodeChat([{ role: 'user', content }])
    const fitting = promptIds.slice(0, Math.max(model.positions - answerTokens, 1))
    for await (const _ of model.answer(fitting, answerTokens, signal)) tokens++
    onPrompt(index + 1)
  }
  const metadata = {
    strength: String(strength),
    answerTokens: String(answerTokens),
    textSha256: (await sha256(new TextEncoder().encode(joinPrompts(prompts)))).slice(2),
  }
  return { smoothing: writeSmoothing(await findSmoothing(model, strength), metadata), tokens }
}

/** As a file holds them: separated by lines of `---`. */
function joinPrompts(prompts: readonly string[]): string {
  return `${prompts.join('\n---\n')}\n`
}

import type { KnownAnswer } from '../../domain/model.ts'
import { EngineError } from '../../errors/index.ts'
import { findLargest } from './find-largest.ts'
import { runKnownAnswer } from './known-answer.ts'
import { logNormaliser } from './log-probability.ts'
import type { LanguageModel } from './sequence.ts'
import type { SliceLength } from './slice-length.ts'
import { isNotFinite } from './slices.ts'

/** Some adapters compute grouped attention wrongly from 32 tokens up. */
const longestTokens = 256
const triedTokens = [longestTokens, 31, 8]

/** Slices so short are taken to be right, where the known answer itself is. */
const cautiousTokens = 8

/** Last positions of a text at which two ways to read it are compared, likeliest tokens there, and mean difference. */
const compared = { positions: 8, tokens: 8, allowedNats: 0.02 }

/**
 * Runs the known answer, and finds how long slices may be: as long as is right and quick here. Slices that are longer than
 * the known answer are compared with those that it proved right, over a text that is long enough.
 *
 * @throws EngineError `engine/known-answer-failed` where no slices are short enough
 */
export async function settleSlices(
  model: LanguageModel,
  slices: SliceLength,
  answer: KnownAnswer,
  signal?: AbortSignal,
): Promise<void> {
  const readTokens = answer.promptIds.length + answer.tokenIds.length - 1
  const passed = await findPassing(model, slices, answer, readTokens, signal)
  let right = Math.max(Math.min(passed, readTokens), Math.min(passed, cautiousTokens))
  const length = Math.min(longestTokens, model.contextTokens)
  const text = Array.from({ length }, (_, i) => (i * 37 + 11) % model.vocabularySize)
  await measure(model, slices, right, text, signal)
  const wanted = Math.min(passed, slices.quick, length)
  const longer = [...new Set([wanted, ...triedTokens])].filter((tokens) => tokens > right && tokens <= wanted)
  for (const tokens of longer) {
    if (!(await agree(model, slices, text.slice(0, tokens), right, signal))) continue
    right = tokens
    break
  }
  slices.allow(right)
}

/** Returns the first length of slices with which the known answer is right. */
async function findPassing(
  model: LanguageModel,
  slices: SliceLength,
  answer: KnownAnswer,
  readTokens: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let failure: unknown
  // Two that are both longer than the text would cut it alike.
  for (const tokens of triedTokens.filter((tokens, index) => index === 0 || tokens < readTokens)) {
    const sequence = model.openSequence()
    try {
      await slices.exactly(tokens, () => runKnownAnswer(model, sequence, answer, signal))
      return tokens
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'engine/known-answer-failed') throw error
      failure = error
    } finally {
      sequence.close()
    }
  }
  throw failure
}

/** Reads a slice and two single tokens, for the time that they take now that the GPU has its programs. */
async function measure(
  model: LanguageModel,
  slices: SliceLength,
  tokens: number,
  text: readonly number[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const sequence = model.openSequence()
  try {
    const slice = text.slice(0, Math.max(Math.min(tokens, text.length - 2), 0))
    for (const part of [text.slice(0, 1), text.slice(0, 1), slice]) {
      await slices.exactly(tokens, () => sequence.append(part, Infinity, () => {}, signal))
    }
  } finally {
    sequence.close()
  }
}

/** Whether a text read in one slice gives what it gives in slices of `rightTokens`. */
async function agree(
  model: LanguageModel,
  slices: SliceLength,
  text: readonly number[],
  rightTokens: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const right = await slices.exactly(rightTokens, () => readEnd(model, text, signal))
  const whole = await slices
    .exactly(text.length, () => readEnd(model, text, signal))
    .catch((error: unknown) => {
      if (isNotFinite(error)) return null
      throw error
    })
  if (whole === null) return false
  const differences = right.flatMap((row, index) =>
    findLargest(row, compared.tokens).map((id) => Math.abs(row[id]! - whole[index]![id]!)),
  )
  return differences.reduce((sum, each) => sum + each, 0) / differences.length <= compared.allowedNats
}

/** Returns the log-probabilities after each of the last few tokens. */
async function readEnd(
  model: LanguageModel,
  text: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Float32Array[]> {
  const rows: Float32Array[] = []
  const sequence = model.openSequence()
  try {
    const from = text.length - compared.positions
    await sequence.append(
      text,
      from,
      (logits) => {
        const normaliser = logNormaliser(logits)
        rows.push(logits.map((logit) => logit - normaliser))
      },
      signal,
    )
    return rows
  } finally {
    sequence.close()
  }
}

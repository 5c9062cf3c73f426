import type { ModelManifest } from '../../domain/model.ts'
import { EngineError } from '../../errors/index.ts'
import { isToken } from '../decode/check-request.ts'
import { runKnownAnswer } from '../decode/known-answer.ts'
import type { LanguageModel, Sequence } from '../decode/sequence.ts'
import { settleSlices } from '../decode/settle-slices.ts'
import { recipes } from '../graph/recipe.ts'
import type { LoadPlace } from './load-place.ts'
import type { LoadInput } from './model-calls.ts'
import type { OpenedModel } from './open-model.ts'
import { keyOfPrepared } from './prepare-model.ts'
import type { PassedTest } from './prepared-store.ts'

/**
 * Runs the known answer, and returns tokens per second. Where the program and the weights decide every bit, what they
 * passed in this browser before, as `noted`, they would pass again: then one step shows that they run, and about as fast as
 * then.
 *
 * @throws EngineError `engine/known-answer-failed`, `engine/malformed-model` where the model cannot take the known answer
 */
export async function selfTest(
  { model, slices, facts: { fromCache, exact, arithmeticId } }: OpenedModel,
  noted: Promise<PassedTest | null>,
  { model: { id, manifest }, recipe, threads }: LoadInput,
  place: LoadPlace,
  signal: AbortSignal,
): Promise<number> {
  const { prepared, browser } = place
  const { knownAnswer } = manifest
  checkKnownAnswer(model, manifest)
  const key = keyOfPrepared(id, recipe)
  const test = [arithmeticId, browser, threads, JSON.stringify(knownAnswer)].join('\n')
  const passed = exact && fromCache ? await noted : null
  const hasPassed = passed?.test === test
  if (hasPassed) {
    const startedMs = place.nowMs()
    await onNewText(model, (sequence) => decodeToken(sequence, signal))
    const stepsLong = ((place.nowMs() - startedMs) * passed.tokensPerSecond) / 1000
    if (stepsLong >= usualFirst.least && stepsLong < usualFirst.most) return passed.tokensPerSecond
  } else if (slices) await settleSlices(model, slices, knownAnswer, signal)
  else await onNewText(model, (sequence) => runKnownAnswer(model, sequence, knownAnswer, signal))
  const tokensPerSecond = await onNewText(model, (sequence) => measureSpeed(sequence, place, signal))
  if (exact) await prepared.notePassed(key, { test, tokensPerSecond })
  if (recipes[recipe].backend === 'webgpu') await meetUsualSteps(model, signal)
  return tokensPerSecond
}

/** A test that no machine could pass is the manifest's fault. */
function checkKnownAnswer(model: LanguageModel, { contextTokens, knownAnswer }: ModelManifest): void {
  const tokenIds = [...knownAnswer.promptIds, ...knownAnswer.tokenIds]
  if (tokenIds.length <= contextTokens && tokenIds.every((id) => isToken(model, id))) return
  throw new EngineError('engine/malformed-model', "This model's known answer is not one that it can give.")
}

/** Returns tokens per second, once the first token has found memory for its like. */
async function measureSpeed(sequence: Sequence, place: LoadPlace, signal: AbortSignal): Promise<number> {
  await decodeToken(sequence, signal)
  const startedMs = place.nowMs()
  for (let tokens = 1; ; tokens++) {
    await decodeToken(sequence, signal)
    const elapsedMs = place.nowMs() - startedMs
    if (elapsedMs > timedMs || tokens === timedTokens) return (tokens * 1000) / Math.max(elapsedMs, 0.1)
  }
}

/** A GPU compiles its programs when it first meets a step of their kind: no one who asks shall wait for that. */
async function meetUsualSteps(model: LanguageModel, signal: AbortSignal): Promise<void> {
  await onNewText(model, async (sequence) => {
    for (const slice of shortSlices) await sequence.append(slice, Infinity, () => {}, signal)
  })
  await stepTogether(model, signal)
}

async function stepTogether(model: LanguageModel, signal: AbortSignal): Promise<void> {
  await onNewText(model, (one) =>
    onNewText(model, async (other) => {
      for (let step = 0; step < sharedSteps; step++) {
        await Promise.all([one, other].map((sequence) => decodeToken(sequence, signal)))
      }
    }),
  )
}

function decodeToken(sequence: Sequence, signal: AbortSignal): Promise<void> {
  return sequence.append(anyToken, Infinity, () => {}, signal)
}

async function onNewText<value>(
  model: LanguageModel,
  work: (sequence: Sequence) => Promise<value>,
): Promise<value> {
  const sequence = model.openSequence()
  try {
    return await work(sequence)
  } finally {
    sequence.close()
  }
}

/** A first step takes as long as two do later; far from that, the machine is not as fast as it was when it was timed. */
const usualFirst = { least: 1, most: 4 }

/** Every vocabulary has it. */
const anyToken = [0]

/** Tokens that are decoded at most to measure the speed; fewer where they take longer than that. */
const timedTokens = 4
const timedMs = 50

/**
 * Attention has programs of its own for the two or three tokens that a prompt may end with. The second slice corrects what
 * compiling them made of the time that a token takes.
 */
const shortSlices = [2, 16].map((tokens) => Array.from({ length: tokens }, () => 0))

/** The first has no tokens before it, the second some. */
const sharedSteps = 2

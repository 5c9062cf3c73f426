import type { LoadProgress } from '../../ports/engine.ts'
import { runKnownAnswer } from '../decode/known-answer.ts'
import { settleSlices } from '../decode/settle-slices.ts'
import type { SliceLength } from '../decode/slice-length.ts'
import type { LanguageModel } from '../decode/sequence.ts'
import { isFolder } from '../folder/folder-files.ts'
import { openFolder } from '../folder/open-folder.ts'
import { recipes } from '../graph/recipe.ts'
import type { LoadInput, LoadOutput } from './model-calls.ts'
import type { LoadPlace } from './load-place.ts'
import { openFile } from './open-file.ts'
import type { OpenedModel } from './open-model.ts'
import { keyOfPrepared } from './prepare-model.ts'
import type { Runtime } from './runtime.ts'
import { startRuntime } from './start-runtime.ts'

/** A model that passed its known answer; `lost` resolves when the GPU is. */
export type RunningModel = { model: LanguageModel; facts: LoadOutput; lost: Runtime['lost'] }

/** Reads, prepares, compiles and tests a model. */
export async function loadModel(
  input: LoadInput,
  place: LoadPlace,
  onProgress: (progress: LoadProgress) => void,
  signal: AbortSignal,
): Promise<RunningModel> {
  const { backend } = recipes[input.recipe]
  onProgress({ stage: 'read', fraction: 0 })
  // The runtime starts while the files are read and their weights are prepared.
  const starting = startRuntime(input, place)
  starting.catch(() => {})
  const open = isFolder(input.model.manifest) ? openFolder : openFile
  const { model, slices, facts, release } = await open(input, starting, place, onProgress, signal)
  try {
    onProgress({ stage: 'compile', fraction: 1 })
    signal.throwIfAborted()
    onProgress({ stage: 'self-test', fraction: 0 })
    await passKnownAnswer(model, slices, facts, input, place, signal)
    const tokensPerSecond = await measureSpeed(model, place, signal)
    if (backend === 'webgpu') await stepTogether(model, signal)
    onProgress({ stage: 'self-test', fraction: 1 })
    const { lost } = (await starting).runtime
    return { model, facts: { ...facts, backend, contextTokens: model.contextTokens, tokensPerSecond }, lost }
  } finally {
    await release()
  }
}

/**
 * Runs the known answer. Where the program and the weights decide every bit, what they passed in this browser before they
 * would pass again.
 *
 * @throws EngineError `engine/known-answer-failed`
 */
async function passKnownAnswer(
  model: LanguageModel,
  slices: SliceLength | undefined,
  { fromCache, exact, arithmeticId }: OpenedModel['facts'],
  { model: { id, manifest }, recipe }: LoadInput,
  { prepared, browser }: LoadPlace,
  signal: AbortSignal,
): Promise<void> {
  const { knownAnswer } = manifest
  const key = keyOfPrepared(id, recipe)
  const test = [arithmeticId, browser, JSON.stringify(knownAnswer)].join('\n')
  if (exact && fromCache && (await prepared.passedTest(key)) === test) return
  if (slices) return settleSlices(model, slices, knownAnswer, signal)
  const sequence = model.openSequence()
  try {
    await runKnownAnswer(model, sequence, knownAnswer, signal)
  } finally {
    sequence.close()
  }
  if (exact) await prepared.notePassed(key, test)
}

/** Returns tokens per second, once the first token has found memory for its like. */
async function measureSpeed(model: LanguageModel, place: LoadPlace, signal: AbortSignal): Promise<number> {
  const sequence = model.openSequence()
  try {
    await sequence.append(anyToken, Infinity, () => {}, signal)
    const startedMs = place.nowMs()
    for (let tokens = 1; ; tokens++) {
      await sequence.append(anyToken, Infinity, () => {}, signal)
      const elapsedMs = place.nowMs() - startedMs
      if (elapsedMs > timedMs || tokens === timedTokens) return (tokens * 1000) / Math.max(elapsedMs, 0.1)
    }
  } finally {
    sequence.close()
  }
}

/** A GPU compiles its programs when it first meets a step for several texts: no one who shares one shall wait for that. */
async function stepTogether(model: LanguageModel, signal: AbortSignal): Promise<void> {
  const sequences = [model.openSequence(), model.openSequence()]
  try {
    for (let step = 0; step < sharedSteps; step++) {
      await Promise.all(sequences.map((sequence) => sequence.append(anyToken, Infinity, () => {}, signal)))
    }
  } finally {
    for (const sequence of sequences) sequence.close()
  }
}

/** Every vocabulary has it. */
const anyToken = [0]

/** Tokens that are decoded at most to measure the speed; fewer where they take longer than that. */
const timedTokens = 4
const timedMs = 25

/** The first has no tokens before it, the second some. */
const sharedSteps = 2

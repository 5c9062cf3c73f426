import type { MeasuredModel, MeasureOptions } from '../../ports/engine.ts'
import { checkModel } from '../check-model.ts'
import { describeModel } from '../describe-model.ts'
import { defaultRecipes } from '../graph/recipe.ts'
import { loadModel } from '../worker/load-model.ts'
import type { LoadPlace } from '../worker/load-place.ts'
import { calibrateModel, type CalibrationOptions } from './calibrate-model.ts'
import { measureKnownAnswer } from './measure-known-answer.ts'
import { memoryStore } from '../worker/weights.ts'
import { observeModel } from './observe-model.ts'

/** Where a model is measured; what it prepares is not kept. */
export type MeasurePlace = Omit<LoadPlace, 'prepared'> & { threads: number }

/** What a model is calibrated on, and who hears of it. */
export type MeasureModelOptions = Omit<CalibrationOptions, 'onPrompt' | 'signal'> & MeasureOptions

/**
 * Finds out what a manifest says of a model file: what the file itself tells, a known answer, and the scales that keep
 * 8-bit products close.
 *
 * @throws EngineError `engine/unsupported-model`, `engine/malformed-model`, `engine/out-of-memory`
 */
export async function measureModel(
  file: Blob,
  place: MeasurePlace,
  { onProgress = () => {}, signal = new AbortController().signal, ...calibration }: MeasureModelOptions,
): Promise<MeasuredModel> {
  onProgress({ stage: 'check', fraction: 0 })
  await checkModel(file)
  const facts = await describeModel(file)
  onProgress({ stage: 'check', fraction: 1 })
  const onPrepared = (fraction: number) => onProgress({ stage: 'prepare', fraction })
  const model = await observeModel(file, place, onPrepared, signal)
  const knownAnswer = await measureKnownAnswer(model, signal)
  const onPrompt = (done: number) =>
    onProgress({ stage: 'observe', fraction: done / calibration.prompts.length })
  const { smoothing } = await calibrateModel(model, { ...calibration, signal, onPrompt })
  return { ...facts, knownAnswer, smoothing }
}

/**
 * Runs a measured model as volunteers without a GPU will, with 8-bit products, and makes sure that it gives its known
 * answer.
 *
 * @throws EngineError `engine/known-answer-failed` when the measured scales do not suit the model
 */
export async function testMeasured(
  file: Blob,
  { family, contextTokens, knownAnswer, smoothing }: MeasuredModel,
  place: MeasurePlace,
  { onProgress = () => {}, signal = new AbortController().signal }: MeasureOptions = {},
): Promise<void> {
  const paths = ['model.gguf', 'smoothing.safetensors']
  const manifest = {
    version: 1 as const,
    name: 'Measured',
    license: 'NONE',
    family,
    contextTokens: Math.min(contextTokens, testTokens),
    files: paths.map((path) => ({ path, bytes: 1, sha256: noHash, pieceBytes: 1, pieces: [] })),
    knownAnswer,
    smoothing: paths[1]!,
  }
  const model = { id: noHash, manifest, files: [file, new Blob([smoothing])] }
  const input = { model, recipe: defaultRecipes.wasm, threads: place.threads }
  const onLoad = ({ stage, fraction }: { stage: string; fraction: number }) => {
    if (stage === 'prepare') onProgress({ stage: 'test', fraction })
  }
  await loadModel(input, { ...place, prepared: memoryStore }, onLoad, signal)
}

/** Room for the known answer. */
const testTokens = 512
/** Nothing is fetched or kept under it. */
const noHash = `0x${'00'.repeat(32)}` as const

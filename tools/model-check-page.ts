import type { Backend, Engine, LoadedModel } from '../src/ports/engine.ts'
import { createWorkerEngine } from '../src/engine/worker-engine.ts'
import { readModel } from '../tests/browser/engine-page.ts'
import { compareDistributions, type GoldenPrompt, type PromptScore } from './model-check/goldens.ts'

let engine: Engine | null = null

/** Loads a model in the page, whatever its known answer says: the goldens are about to tell more. */
export async function load(folder: string, backend: Backend): Promise<LoadedModel> {
  const model = await readModel(folder)
  const knownAnswer = { ...model.manifest.knownAnswer, toleranceNats: 1e9 }
  engine = createWorkerEngine()
  return engine.load({ ...model, manifest: { ...model.manifest, knownAnswer } }, { backends: [backend] })
}

/** Scores the engine against the reference on one prompt, fed with the reference's own tokens. */
export async function score({ prompt_ids, greedy_ids, positions }: GoldenPrompt): Promise<PromptScore> {
  if (!engine) throw new Error('No model is loaded.')
  const found = await engine.distributions([...prompt_ids, ...greedy_ids], greedy_ids.length, Infinity)
  return compareDistributions(positions, found)
}

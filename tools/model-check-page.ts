import type { KnownAnswer } from '../src/domain/model.ts'
import type { Engine, LoadedModel } from '../src/ports/engine.ts'
import { type RecipeName, recipes } from '../src/engine/graph/recipe.ts'
import { createWorkerEngine } from '../src/engine/worker-engine.ts'
import { readModel } from '../tests/browser/engine-page.ts'
import type { GoldenPrompt, PromptScore } from './model-check/goldens.ts'
import { compareBy, withAnyAnswer } from './model-check/opened-model.ts'

let engine: Engine | null = null

const compared = compareBy(async (tokenIds, count, top) => {
  if (!engine) throw new Error('No model is loaded.')
  return engine.distributions(tokenIds, count, top)
})

/** Loads a model in the page, whatever its known answer says: how far off it is will be told. */
export async function load(folder: string, recipe: RecipeName): Promise<LoadedModel> {
  const model = await readModel(folder)
  const { backend } = recipes[recipe]
  engine = createWorkerEngine({ recipes: { [backend]: recipe } })
  return engine.load({ ...model, manifest: withAnyAnswer(model.manifest) }, { backends: [backend] })
}

/** Returns the mean distance from an answer's log-probabilities, in nats. */
export function distanceFrom(answer: KnownAnswer): Promise<number> {
  return compared.distanceFrom(answer)
}

/** Scores the engine against the reference on one prompt, fed with the reference's own tokens. */
export function score(prompt: GoldenPrompt): Promise<PromptScore> {
  return compared.score(prompt)
}

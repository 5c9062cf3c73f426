import { distributions } from '../../src/engine/decode/distributions.ts'
import type { RecipeName } from '../../src/engine/graph/recipe.ts'
import { loadModel } from '../../src/engine/worker/load-model.ts'
import { memoryStore } from '../../src/engine/worker/weights.ts'
import type { VerifiedModel } from '../../src/ports/engine.ts'
import { nodePlace } from '../node-runtime.ts'
import { compareBy, type OpenedModel, withAnyAnswer } from './opened-model.ts'

/** Loads a model into this process, on one thread, with an arithmetic of the processor. */
export async function openInNode(model: VerifiedModel, recipe: RecipeName): Promise<OpenedModel> {
  const manifest = withAnyAnswer(model.manifest)
  const input = { model: { ...model, manifest }, recipe, threads: nodePlace.threads }
  const place = { ...nodePlace, prepared: memoryStore }
  const { model: running, facts } = await loadModel(input, place, () => {}, new AbortController().signal)
  const read = async (tokenIds: number[], count: number, top: number) => {
    const sequence = running.openSequence()
    try {
      return await distributions(running, sequence, tokenIds, count, top)
    } finally {
      sequence.close()
    }
  }
  return { arithmetic: facts.arithmetic, ...compareBy(read), close: async () => {} }
}

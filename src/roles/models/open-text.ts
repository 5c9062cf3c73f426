import type { ModelId } from '../../domain/model.ts'
import type { Engine, ModelStore, ModelText } from '../../ports/index.ts'
import { readHead } from './read-head.ts'

/** Gives the tokenizer of a model that this tab may never have downloaded. */
export type OpenText = (modelId: ModelId) => Promise<ModelText | null>

/** Returns an opener that reads each model's tokenizer once, from the head of its file. */
export function createTextOpener(engine: Engine, models: ModelStore): OpenText {
  const opened = new Map<ModelId, Promise<ModelText | null>>()

  const open = async (modelId: ModelId): Promise<ModelText | null> => {
    const entry = (await models.catalogue()).find(({ id }) => id === modelId)
    return entry ? readHead(models, entry, (head) => engine.openText(entry, head)) : null
  }

  return (modelId) => {
    if (engine.loaded?.id === modelId) return Promise.resolve(engine.text)
    const text = opened.get(modelId) ?? open(modelId)
    opened.set(modelId, text)
    text.catch(() => opened.delete(modelId))
    return text
  }
}

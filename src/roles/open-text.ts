import type { ModelId } from '../domain/model.ts'
import { EngineError } from '../errors/index.ts'
import type { Engine, ModelStore, ModelText } from '../ports/index.ts'

const firstHeadBytes = 4 * 1024 * 1024
const largestHeadBytes = 64 * 1024 * 1024

/** Gives the tokenizer of a model that this tab may never have downloaded. */
export type OpenText = (modelId: ModelId) => Promise<ModelText | null>

/** Returns an opener that reads each model's tokenizer once, from the head of its file. */
export function createTextOpener(engine: Engine, models: ModelStore): OpenText {
  const opened = new Map<ModelId, Promise<ModelText | null>>()

  const open = async (modelId: ModelId): Promise<ModelText | null> => {
    const entry = (await models.catalogue()).find(({ id }) => id === modelId)
    if (!entry) return null
    const fileBytes = entry.manifest.files[0]?.bytes ?? 0
    for (let bytes = firstHeadBytes; ; bytes *= 2) {
      try {
        return await engine.openText(modelId, await models.head(entry, Math.min(bytes, fileBytes)))
      } catch (error) {
        const tooShort = error instanceof EngineError && error.code === 'engine/malformed-model'
        if (!tooShort || bytes >= Math.min(largestHeadBytes, fileBytes)) throw error
      }
    }
  }

  return (modelId) => {
    if (engine.loaded?.id === modelId) return Promise.resolve(engine.text)
    const text = opened.get(modelId) ?? open(modelId)
    opened.set(modelId, text)
    text.catch(() => opened.delete(modelId))
    return text
  }
}

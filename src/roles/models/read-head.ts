import type { CatalogueEntry } from '../../domain/model.ts'
import { EngineError } from '../../errors/index.ts'
import type { ModelStore } from '../../ports/index.ts'

const firstHeadBytes = 4 * 1024 * 1024
const largestHeadBytes = 64 * 1024 * 1024

/** Hands over the beginning of a model, and twice as much of it each time that `read` finds it too short. */
export async function readHead<value>(
  models: ModelStore,
  entry: CatalogueEntry,
  read: (head: Blob) => Promise<value>,
  signal?: AbortSignal,
): Promise<value> {
  const modelBytes = entry.manifest.files.reduce((total, { bytes }) => total + bytes, 0)
  for (let bytes = firstHeadBytes; ; bytes *= 2) {
    try {
      return await read(await models.head(entry, Math.min(bytes, modelBytes), signal))
    } catch (error) {
      const tooShort = error instanceof EngineError && error.code === 'engine/malformed-model'
      if (!tooShort || bytes >= Math.min(largestHeadBytes, modelBytes)) throw error
    }
  }
}

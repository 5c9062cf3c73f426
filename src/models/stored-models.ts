import type { CatalogueEntry, ModelId } from '../domain/model.ts'
import type { KeptModel, KeptModels, ModelRoom } from '../ports/kept-models.ts'
import type { ModelStore } from '../ports/model-store.ts'
import type { ModelUses } from './model-uses.ts'
import type { PieceStore } from './piece-store.ts'
import { modelPieces, sumBytes } from './pieces.ts'

/** Whose models are counted, and who knows when they were used. */
export type StoredModelsDeps = { pieces: PieceStore; store: Pick<ModelStore, 'remove'>; uses: ModelUses }

/** Returns what is kept in a piece store, with the room that is left there. */
export function createStoredModels({ pieces, store, uses }: StoredModelsDeps): KeptModels {
  const describe = async (id: ModelId): Promise<KeptModel> => {
    const [sizes, use] = [await pieces.sizes(id), await uses.last(id)]
    const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0)
    return { id, name: use?.name ?? null, bytes, lastUsedAtMs: use?.atMs ?? null }
  }
  return {
    async room({ id, manifest }: CatalogueEntry): Promise<ModelRoom> {
      const sizes = await pieces.sizes(id)
      const missing = modelPieces(manifest).filter((piece) => sizes.get(piece.sha256) !== piece.bytes)
      return { missingBytes: sumBytes(missing), ...(await pieces.room()) }
    },
    async list() {
      const kept = await Promise.all((await pieces.models()).map(describe))
      return kept
        .filter(({ bytes }) => bytes > 0)
        .sort((a, b) => (a.lastUsedAtMs ?? 0) - (b.lastUsedAtMs ?? 0))
    },
    async remove(id) {
      await store.remove(id)
      await uses.forget(id)
    },
  }
}

import type { Hex } from '../domain/bytes.ts'
import type { ModelId } from '../domain/model.ts'
import type { PieceStore } from './piece-store.ts'
import { sha256 } from './sha256.ts'

/** Keeps pieces until the tab closes, where the browser has no private files. */
export class MemoryPieceStore implements PieceStore {
  readonly #models = new Map<ModelId, Map<Hex, Blob>>()

  async room(): Promise<{ freeBytes: null; isPersistent: false }> {
    return { freeBytes: null, isPersistent: false }
  }

  async reserve(): Promise<void> {}

  async read(model: ModelId, hash: Hex): Promise<Blob | null> {
    return this.#models.get(model)?.get(hash) ?? null
  }

  async hash(model: ModelId, hash: Hex): Promise<Hex | null> {
    const blob = await this.read(model, hash)
    return blob && sha256(await blob.arrayBuffer())
  }

  async write(model: ModelId, hash: Hex, content: Uint8Array<ArrayBuffer>): Promise<Blob> {
    const pieces = this.#models.get(model) ?? new Map<Hex, Blob>()
    const blob = new Blob([content])
    this.#models.set(model, pieces.set(hash, blob))
    return blob
  }

  async sizes(model: ModelId): Promise<Map<Hex, number>> {
    const pieces = this.#models.get(model) ?? []
    return new Map(Array.from(pieces, ([hash, blob]) => [hash, blob.size]))
  }

  async models(): Promise<ModelId[]> {
    return [...this.#models.keys()]
  }

  async remove(model: ModelId): Promise<void> {
    this.#models.delete(model)
  }
}

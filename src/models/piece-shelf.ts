import type { ModelId, ModelManifest } from '../domain/model.ts'
import type { LendableModel, PieceShelf } from '../ports/piece-exchange.ts'
import type { PieceStore } from './piece-store.ts'
import { modelPieces } from './pieces.ts'
import { sha256 } from './sha256.ts'

/** Manifests of the models that this tab knows, by id. */
export type KnownManifests = () => Promise<ReadonlyMap<ModelId, ModelManifest>>

/** The kept pieces of known models, for whoever lends them. */
export class KeptPieceShelf implements PieceShelf {
  readonly #pieces: PieceStore
  readonly #known: KnownManifests
  readonly #listeners = new Set<(model: ModelId, piece: number) => void>()

  constructor(pieces: PieceStore, known: KnownManifests) {
    this.#pieces = pieces
    this.#known = known
  }

  async lendable(): Promise<ModelId[]> {
    const kept = await this.#pieces.models()
    const known = await this.#known()
    const holdings = await Promise.all(
      kept.filter((id) => known.has(id)).map(async (id) => ({ id, model: await this.holding(id) })),
    )
    return holdings.flatMap(({ id, model }) => (model && model.held.size > 0 ? [id] : []))
  }

  async holding(id: ModelId): Promise<LendableModel | null> {
    const wanted = modelPieces((await this.#known()).get(id))
    if (wanted.length === 0) return null
    const sizes = await this.#pieces.sizes(id)
    const held = new Set<number>()
    for (const [number, piece] of wanted.entries()) {
      if (sizes.get(piece.sha256) === piece.bytes) held.add(number)
    }
    return { pieceCount: wanted.length, held }
  }

  async read(id: ModelId, number: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const piece = modelPieces((await this.#known()).get(id))[number]
    const blob = piece && (await this.#pieces.read(id, piece.sha256))
    if (!blob || blob.size !== piece.bytes) return null
    // A file that cannot be read any more is as good as none.
    const content = await blob.arrayBuffer().catch(() => null)
    return content && (await sha256(content)) === piece.sha256 ? new Uint8Array(content) : null
  }

  watchGains(onGained: (model: ModelId, piece: number) => void): () => void {
    this.#listeners.add(onGained)
    return () => void this.#listeners.delete(onGained)
  }

  /** A piece was kept. */
  tell(model: ModelId, piece: number): void {
    for (const listener of [...this.#listeners]) listener(model, piece)
  }
}

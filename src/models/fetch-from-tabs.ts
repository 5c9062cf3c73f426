import type { CatalogueEntry } from '../domain/model.ts'
import type { PiecePeers } from '../ports/piece-exchange.ts'
import { modelPieces, numberPieces, type Piece } from './pieces.ts'
import { verifyPiece, type VerifiedPiece } from './read-pieces.ts'

/** How other tabs are asked, and who hears of it. */
export type FetchFromTabsOptions = {
  signal: AbortSignal | undefined
  onBytes: ((bytes: number) => void) | undefined
  onTabs: (tabs: number) => void
}

/**
 * Yields those of the pieces that other tabs hold, each verified, in any order.
 *
 * @throws StorageError `storage/hash-mismatch` naming a tab that lied when no other had the rest,
 * `storage/source-failed` when no tab has it
 */
export async function* fetchFromTabs(
  { id, manifest }: CatalogueEntry,
  pieces: Piece[],
  peers: PiecePeers,
  options: FetchFromTabsOptions,
): AsyncGenerator<VerifiedPiece> {
  const numberOf = numberPieces(manifest)
  const byNumber = new Map(pieces.map((piece) => [numberOf(piece), piece]))
  const received = peers.fetch({
    ...options,
    model: id,
    pieceCount: modelPieces(manifest).length,
    missing: new Map(Array.from(byNumber, ([number, { bytes }]) => [number, bytes])),
    async verify({ piece: number, content }) {
      const piece = byNumber.get(number)
      if (piece) await verifyPiece(piece, content)
    },
  })
  for await (const { piece: number, content } of received) {
    const piece = byNumber.get(number)
    if (piece) yield { piece, content }
  }
}

import type { Hex } from '../domain/bytes.ts'
import type { ModelId } from '../domain/model.ts'
import type { PieceStore } from './piece-store.ts'
import type { Piece } from './pieces.ts'
import { sha256 } from './sha256.ts'

/** Pieces whose hash was checked, by hash. */
export type VerifiedPieces = Map<Hex, Blob>

/** Who hears of pieces that are checked. */
type CheckEvents = {
  signal: AbortSignal | undefined
  /** Called with the bytes of each that is there. */
  onChecked?: (bytes: number) => void
  /** Called with each that is right. */
  onRight?: (piece: Piece, content: Blob) => void
}

/** Returns those of the pieces that are kept and right. */
export async function verifyKept(
  store: PieceStore,
  model: ModelId,
  pieces: Piece[],
  { signal, onChecked, onRight }: CheckEvents,
): Promise<VerifiedPieces> {
  const verified: VerifiedPieces = new Map()
  for (const piece of pieces) {
    signal?.throwIfAborted()
    const blob = await store.read(model, piece.sha256)
    if (!blob) continue
    if (await isRight(blob, piece)) {
      verified.set(piece.sha256, blob)
      onRight?.(piece, blob)
    }
    onChecked?.(piece.bytes)
  }
  return verified
}

/** A file that cannot be read any more is as good as none. */
async function isRight(blob: Blob, piece: Piece): Promise<boolean> {
  if (blob.size !== piece.bytes) return false
  const content = await blob.arrayBuffer().catch(() => null)
  return content !== null && (await sha256(content)) === piece.sha256
}

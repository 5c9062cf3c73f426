import type { Hex } from '../domain/bytes.ts'
import type { ModelId } from '../domain/model.ts'
import type { PieceStore } from './piece-store.ts'
import type { Piece } from './pieces.ts'

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
  const check = async (piece: Piece | undefined) => {
    const blob = piece && (await store.read(model, piece.sha256))
    if (!blob) return null
    // A file that cannot be read any more is as good as none.
    const isRight = blob.size === piece.bytes && (await store.hash(model, piece.sha256)) === piece.sha256
    return { blob, isRight }
  }
  let next = check(pieces[0])
  for (const [index, piece] of pieces.entries()) {
    signal?.throwIfAborted()
    const checking = next
    // One is read while the one before it is hashed.
    next = check(pieces[index + 1])
    next.catch(() => {})
    const checked = await checking
    if (!checked) continue
    if (checked.isRight) {
      verified.set(piece.sha256, checked.blob)
      onRight?.(piece, checked.blob)
    }
    onChecked?.(piece.bytes)
  }
  return verified
}

import { StorageError } from '../errors/index.ts'
import type { Piece } from './pieces.ts'
import { sha256 } from './sha256.ts'

/** A piece and its content, whose hash was right. */
export type VerifiedPiece = { piece: Piece; content: Uint8Array<ArrayBuffer> }

/**
 * Cuts a stream into the pieces that it should hold, and yields each as soon as its hash is right.
 *
 * @throws StorageError `storage/hash-mismatch` at the first piece that is wrong,
 * `storage/source-failed` when the stream ends before the last one
 */
export async function* readPieces(
  chunks: AsyncIterable<Uint8Array>,
  pieces: Piece[],
  onBytes: (bytes: number) => void,
): AsyncGenerator<VerifiedPiece> {
  const waiting = pieces.values()
  let piece = waiting.next().value
  let content = new Uint8Array(piece?.bytes ?? 0)
  let filled = 0
  for await (const chunk of chunks) {
    let rest = chunk
    while (piece && rest.byteLength > 0) {
      const part = rest.subarray(0, content.byteLength - filled)
      content.set(part, filled)
      filled += part.byteLength
      rest = rest.subarray(part.byteLength)
      onBytes(part.byteLength)
      if (filled < content.byteLength) break
      yield { piece, content: await verifyPiece(piece, content) }
      piece = waiting.next().value
      content = new Uint8Array(piece?.bytes ?? 0)
      filled = 0
    }
  }
  if (piece) throw endedEarly(piece, filled)
}

/** @throws StorageError `storage/hash-mismatch` naming file and piece, unless the content is the piece */
export async function verifyPiece(
  piece: Piece,
  content: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  if ((await sha256(content)) === piece.sha256) return content
  throw new StorageError(
    'storage/hash-mismatch',
    `Piece ${piece.index} of ${piece.file.path} is not what the model's description promises.`,
  )
}

function endedEarly(piece: Piece, filled: number): StorageError {
  return new StorageError('storage/source-failed', 'A model source ended too early.', {
    details: `after ${piece.start + filled} bytes of ${piece.file.path}`,
  })
}

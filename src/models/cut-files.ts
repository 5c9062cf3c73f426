import { StorageError } from '../errors/index.ts'
import type { ModelManifest } from '../domain/model.ts'
import { piecesOf } from './pieces.ts'
import { readPieces, type VerifiedPiece } from './read-pieces.ts'

const chunkBytes = 1 << 20

/**
 * Cuts files that are at hand into a manifest's pieces, each of them checked.
 *
 * @throws StorageError `storage/hash-mismatch` when a file is another one
 */
export async function* cutFiles(
  { files }: Pick<ModelManifest, 'files'>,
  blobs: readonly Blob[],
): AsyncGenerator<VerifiedPiece> {
  for (const [index, file] of files.entries()) {
    const blob = blobs[index]
    if (blob?.size !== file.bytes) {
      throw new StorageError('storage/hash-mismatch', `${file.path} is not as long as its description says.`)
    }
    yield* readPieces(chunksOf(blob), piecesOf(file), () => {})
  }
}

async function* chunksOf(blob: Blob): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < blob.size; start += chunkBytes) {
    yield new Uint8Array(await blob.slice(start, start + chunkBytes).arrayBuffer())
  }
}

import { openAsBlob } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ModelFile } from '../../src/domain/model.ts'
import { StorageError } from '../../src/errors/index.ts'
import { cutFiles } from '../../src/models/cut-files.ts'
import { createHttpSource } from '../../src/models/http-source.ts'
import { piecesOf } from '../../src/models/pieces.ts'
import { readPieces, type VerifiedPiece } from '../../src/models/read-pieces.ts'

/** Where the files of a model are read. */
export type ModelFiles = {
  /** Yields a file's pieces, each of them checked. Throws a StorageError naming file and piece. */
  read(file: ModelFile): AsyncIterable<VerifiedPiece>
  /** Opens a file that was read to its end. */
  open(file: ModelFile): Promise<Blob>
}

/** Files on this disk, beside their manifest. */
export function localFiles(manifestAddress: URL): ModelFiles {
  const openFile = async ({ path }: ModelFile) => openAsBlob(fileURLToPath(new URL(path, manifestAddress)))
  return {
    async *read(file) {
      const blob = await openFile(file).catch((cause: unknown) => {
        throw new StorageError('storage/source-failed', `${file.path} is not there.`, { cause })
      })
      compareLength(file, blob.size)
      yield* cutFiles({ files: [file] }, [blob])
    },
    open: openFile,
  }
}

/** Files on a server, beside their manifest, kept in a folder once they are read. */
export function remoteFiles(manifestAddress: URL, folder: string): ModelFiles {
  const fetchRange = createHttpSource()
  const keptAt = ({ path }: ModelFile) => join(folder, path)
  return {
    async *read(file) {
      const { path, bytes } = file
      await mkdir(dirname(keptAt(file)), { recursive: true })
      const kept = await open(keptAt(file), 'w')
      let pieces = 0
      try {
        const range = { start: 0, end: bytes, fileBytes: bytes }
        const chunks = fetchRange(new URL(path, manifestAddress).href, range)
        for await (const verified of readPieces(chunks, piecesOf(file), () => {})) {
          await kept.writeFile(verified.content)
          pieces++
          yield verified
        }
      } catch (error) {
        throw nameFailure(error, path, pieces)
      } finally {
        await kept.close()
      }
    },
    open: (file) => openAsBlob(keptAt(file)),
  }
}

/** A wrong hash names its piece already. */
function nameFailure(error: unknown, path: string, piece: number): unknown {
  if (!(error instanceof StorageError) || error.shortMessage.includes(path)) return error
  const details = [error.shortMessage, error.details].filter(Boolean).join(' ')
  const message = `Piece ${piece} of ${path} could not be read.`
  return new StorageError(error.code, message, { details, cause: error })
}

function compareLength({ path, bytes, pieceBytes }: ModelFile, found: number): void {
  if (found === bytes) return
  const difference =
    found > bytes
      ? `${found - bytes} surplus bytes after its last piece`
      : `${bytes - found} bytes too few: it ends in piece ${Math.floor(found / pieceBytes)}`
  throw new StorageError('storage/hash-mismatch', `${path} has ${difference}.`)
}

import { BaseError, StorageError } from '../errors/index.ts'
import type { PieceSource } from './piece-source.ts'
import { contiguousRuns, type Piece } from './pieces.ts'
import { readPieces, type VerifiedPiece } from './read-pieces.ts'

/** Where pieces come from. */
export type DownloadOptions = {
  /** Base addresses, preferred first, each ending in a slash. */
  sources: string[]
  fetchRange: PieceSource
  signal: AbortSignal | undefined
  /** Called as bytes come in, and with a negative count when they turn out useless. */
  onBytes?: ((bytes: number) => void) | undefined
}

/**
 * Yields pieces, each verified. A source that sends a wrong byte is not asked again;
 * one that breaks off is, as long as each attempt brings a piece; then the next source goes on from there.
 *
 * @throws StorageError `storage/hash-mismatch` if a source lied and no other had the rest, else `storage/source-failed`
 */
export async function* downloadPieces(
  pieces: Piece[],
  options: DownloadOptions,
): AsyncGenerator<VerifiedPiece> {
  const missing = new Set(pieces)
  const failures: BaseError[] = []
  for (const source of options.sources) {
    while (missing.size > 0) {
      const before = missing.size
      try {
        for await (const verified of downloadFrom(source, [...missing], options)) {
          missing.delete(verified.piece)
          yield verified
        }
      } catch (error) {
        if (!isSourceFault(error)) throw error
        failures.push(error)
        if (error.code === 'storage/hash-mismatch' || missing.size === before) break
      }
    }
  }
  if (missing.size > 0) throw worstOf(failures)
}

async function* downloadFrom(
  source: string,
  pieces: Piece[],
  { fetchRange, signal, onBytes }: DownloadOptions,
): AsyncGenerator<VerifiedPiece> {
  for (const run of contiguousRuns(pieces)) {
    const [first, last] = [run[0], run.at(-1)]
    if (!first || !last) continue
    const address = new URL(first.file.path, source).href
    const chunks = fetchRange(address, { start: first.start, end: last.start + last.bytes }, signal)
    let unverified = 0
    const count = (bytes: number) => {
      unverified += bytes
      onBytes?.(bytes)
    }
    try {
      for await (const verified of readPieces(chunks, run, count)) {
        unverified -= verified.piece.bytes
        yield verified
      }
    } catch (error) {
      onBytes?.(-unverified)
      throw namingSource(error, source)
    }
  }
}

function isSourceFault(error: unknown): error is BaseError {
  return (
    error instanceof BaseError &&
    (error.code === 'storage/source-failed' || error.code === 'storage/hash-mismatch')
  )
}

/** Wrong bytes are the source's doing: its address stands with the file and the piece. */
function namingSource(error: unknown, source: string): unknown {
  if (!(error instanceof StorageError) || error.code !== 'storage/hash-mismatch') return error
  return new StorageError(error.code, error.shortMessage, { details: `from ${source}`, cause: error })
}

function worstOf(failures: BaseError[]): BaseError {
  const lie = failures.find((failure) => failure.code === 'storage/hash-mismatch')
  return lie ?? failures.at(-1) ?? new StorageError('storage/source-failed', 'This model has no source.')
}

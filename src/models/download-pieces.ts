import type { CatalogueEntry } from '../domain/model.ts'
import type { SourceRests } from '../domain/source-rests.ts'
import { type BaseError, StorageError } from '../errors/index.ts'
import type { BytesFrom } from '../ports/model-store.ts'
import type { PiecePeers } from '../ports/piece-exchange.ts'
import { fetchFromTabs } from './fetch-from-tabs.ts'
import type { PieceSource } from './piece-source.ts'
import { contiguousRuns, type Piece } from './pieces.ts'
import { readPieces, type VerifiedPiece } from './read-pieces.ts'

/** Where pieces come from. */
export type DownloadOptions = {
  fetchRange: PieceSource
  /** Other tabs, asked last. */
  peers: PiecePeers | undefined
  /** Sources that lied, by model and address. */
  rests: SourceRests<BaseError>
  signal: AbortSignal | undefined
  /** Called as bytes come in, and with a negative count when they turn out useless. */
  onBytes?: ((bytes: number) => void) | undefined
  onFrom?: ((from: BytesFrom) => void) | undefined
}

/** How long a source that sent a wrong byte is left alone. */
const restMs = 300_000

/**
 * Yields pieces of a model, each verified: from its sources, its mirrors, and last from other tabs. A source that sends
 * a wrong byte is left alone for a while; one that breaks off is asked again as long as each attempt brings a piece;
 * then the next source goes on from there.
 *
 * @throws StorageError `storage/hash-mismatch` if a source lied and no other had the rest, else `storage/source-failed`
 */
export async function* downloadPieces(
  entry: CatalogueEntry,
  pieces: Piece[],
  options: DownloadOptions,
): AsyncGenerator<VerifiedPiece> {
  const missing = new Set(pieces)
  const failures: BaseError[] = []
  for (const bring of waysFor(entry, options)) {
    while (missing.size > 0) {
      const before = missing.size
      try {
        for await (const verified of bring([...missing])) {
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

type Way = (pieces: Piece[]) => AsyncIterable<VerifiedPiece>

/** All ways to a model's pieces, preferred first. */
function waysFor(entry: CatalogueEntry, options: DownloadOptions): Way[] {
  const { peers, signal, onBytes, onFrom } = options
  const addresses = new Set([...entry.sources, ...(entry.manifest.mirrors ?? [])].sort(siteFirst))
  const ways: Way[] = Array.from(addresses, (source) => (pieces) => askSource(entry, source, pieces, options))
  const onTabs = (tabs: number) => onFrom?.({ kind: 'tabs', tabs })
  if (peers) ways.push((pieces) => fetchFromTabs(entry, pieces, peers, { signal, onBytes, onTabs }))
  return ways
}

/** Asks a source unless it lied a while ago. */
async function* askSource(
  { id }: CatalogueEntry,
  source: string,
  pieces: Piece[],
  options: DownloadOptions,
): AsyncGenerator<VerifiedPiece> {
  const { rests, onFrom } = options
  const name = `${id} ${source}`
  const lie = rests.reason(name, Date.now())
  if (lie) throw lie
  onFrom?.(originOf(source))
  try {
    yield* downloadFrom(source, pieces, options)
  } catch (error) {
    if (!isSourceFault(error)) throw error
    const named = new StorageError(error.code, error.shortMessage, {
      details: `from ${source}`,
      cause: error,
    })
    if (named.code === 'storage/hash-mismatch') rests.rest(name, Date.now() + restMs, named)
    throw named
  }
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
    const range = { start: first.start, end: last.start + last.bytes, fileBytes: first.file.bytes }
    const chunks = fetchRange(address, range, signal)
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
      throw error
    }
  }
}

/** Leaves the order of all others as it is. */
function siteFirst(left: string, right: string): number {
  return Number(originOf(right).kind === 'site') - Number(originOf(left).kind === 'site')
}

function originOf(source: string): BytesFrom {
  const { origin, host } = new URL(source)
  return globalThis.location?.origin === origin ? { kind: 'site' } : { kind: 'mirror', host }
}

type SourceFault = StorageError & { code: 'storage/source-failed' | 'storage/hash-mismatch' }

function isSourceFault(error: unknown): error is SourceFault {
  return (
    error instanceof StorageError &&
    (error.code === 'storage/source-failed' || error.code === 'storage/hash-mismatch')
  )
}

function worstOf(failures: BaseError[]): BaseError {
  const lie = failures.find((failure) => failure.code === 'storage/hash-mismatch')
  return lie ?? failures.at(-1) ?? new StorageError('storage/source-failed', 'This model has no source.')
}

import type { CatalogueEntry, ModelId, ModelManifest } from '../domain/model.ts'
import { SourceRests } from '../domain/source-rests.ts'
import { type BaseError, StorageError } from '../errors/index.ts'
import type { VerifiedModel } from '../ports/engine.ts'
import type { BytesFrom, FetchOptions, ModelStatus, ModelStore } from '../ports/model-store.ts'
import type { PiecePeers, PieceShelf } from '../ports/piece-exchange.ts'
import { cutFiles } from './cut-files.ts'
import { downloadPieces } from './download-pieces.ts'
import { KeptPieceShelf } from './piece-shelf.ts'
import type { PieceSource } from './piece-source.ts'
import type { PieceStore } from './piece-store.ts'
import { modelPieces, numberPieces, piecesOf, sumBytes, type Piece, piecesUpTo } from './pieces.ts'
import { takeTurn } from './take-turn.ts'
import { verifyKept, type VerifiedPieces } from './verify-kept.ts'

/** So much is read of a head at the second try: the largest vocabularies take half of it. */
const openedBytes = 16 * 1024 * 1024

/** Where pieces are kept, where they come from, and which models there are. */
export type PieceModelStoreDeps = {
  pieces: PieceStore
  fetchRange: PieceSource
  loadCatalogue: () => Promise<CatalogueEntry[]>
  /** Other tabs, asked when no server has the rest. */
  peers?: PiecePeers
  /** Called when a model is handed out. */
  onUsed?: (entry: CatalogueEntry) => void
}

/** Who hears of a download. */
type DownloadEvents = {
  signal?: AbortSignal | undefined
  onBytes?: (bytes: number) => void
  onFrom?: (from: BytesFrom) => void
  onRight?: (piece: Piece, content: Blob) => void
}

/**
 * Brings models piece by piece. The model id binds the hash of each piece, and none is handed out before it is checked: a
 * bit that flipped on the disk is found, and only its piece is fetched again.
 */
export class PieceModelStore implements ModelStore {
  readonly #pieces: PieceStore
  readonly #fetchRange: PieceSource
  readonly #loadCatalogue: () => Promise<CatalogueEntry[]>
  readonly #peers: PiecePeers | undefined
  readonly #onUsed: ((entry: CatalogueEntry) => void) | undefined
  readonly #shelf: KeptPieceShelf
  readonly #rests = new SourceRests<BaseError>()
  /** Models whose pieces are known: those listed, and those fetched since. */
  readonly #known = new Map<ModelId, ModelManifest>()

  constructor({ pieces, fetchRange, loadCatalogue, peers, onUsed }: PieceModelStoreDeps) {
    this.#pieces = pieces
    this.#fetchRange = fetchRange
    this.#loadCatalogue = loadCatalogue
    this.#peers = peers
    this.#onUsed = onUsed
    this.#shelf = new KeptPieceShelf(pieces, () => this.#knownModels())
  }

  /** What this tab can lend. */
  get shelf(): PieceShelf {
    return this.#shelf
  }

  /** Returns the manifest of a model that is listed or was fetched; null for any other. */
  async manifest(id: ModelId): Promise<ModelManifest | null> {
    return (await this.#knownModels()).get(id) ?? null
  }

  async catalogue(): Promise<CatalogueEntry[]> {
    const entries = await this.#loadCatalogue()
    for (const entry of entries) this.#known.set(entry.id, entry.manifest)
    return entries
  }

  async status(id: ModelId): Promise<ModelStatus> {
    if (!this.#known.has(id)) await this.catalogue()
    const wanted = modelPieces(this.#known.get(id))
    const sizes = await this.#pieces.sizes(id)
    const whole = wanted.filter((piece) => sizes.get(piece.sha256) === piece.bytes)
    const [bytes, totalBytes] = [sumBytes(whole), sumBytes(wanted)]
    return { state: bytes === 0 ? 'absent' : bytes < totalBytes ? 'partial' : 'ready', bytes, totalBytes }
  }

  fetch(entry: CatalogueEntry, options: FetchOptions = {}): Promise<VerifiedModel> {
    const { signal } = options
    this.#known.set(entry.id, entry.manifest)
    // What a tab sees of another one's progress is a courtesy: it may fail.
    const onWaiting = () => void this.#reportOther(entry.id, options).catch(() => undefined)
    // One tab downloads; others that want the same model wait for it, and then find the pieces.
    return cancellable(signal, () =>
      takeTurn(lockName(entry.id), { signal, onWaiting }, async () => {
        const verified = await this.#complete(entry, options)
        this.#onUsed?.(entry)
        const files = entry.manifest.files.map((file) => joinPieces(piecesOf(file), verified))
        return { id: entry.id, manifest: entry.manifest, files }
      }),
    )
  }

  async open(entry: CatalogueEntry, options: FetchOptions = {}): Promise<VerifiedModel> {
    const { id, manifest } = entry
    const [first] = manifest.files
    this.#known.set(id, manifest)
    // The head of a folder is spread over its files.
    if (!first || manifest.format) return this.fetch(entry, options)
    const head = await this.head(entry, Math.min(openedBytes, first.bytes), options.signal)
    this.#onUsed?.(entry)
    const whole = async (signal?: AbortSignal) =>
      (await this.fetch(entry, { ...options, ...(signal ? { signal } : {}) })).files
    return { id, manifest, files: [head], whole }
  }

  add(entry: CatalogueEntry, files: Blob[], options: FetchOptions = {}): Promise<void> {
    const { signal, onProgress } = options
    this.#known.set(entry.id, entry.manifest)
    const wanted = modelPieces(entry.manifest)
    const totalBytes = sumBytes(wanted)
    const numberOf = numberPieces(entry.manifest)
    return cancellable(signal, () =>
      takeTurn(lockName(entry.id), { signal, onWaiting: () => {} }, async () => {
        const verified = await verifyKept(this.#pieces, entry.id, wanted, { signal })
        await this.#reserveMissing(wanted, verified)
        let bytes = 0
        for await (const { piece, content } of cutFiles(entry.manifest, files)) {
          signal?.throwIfAborted()
          if (!verified.has(piece.sha256)) {
            verified.set(piece.sha256, await this.#pieces.write(entry.id, piece.sha256, content))
            this.#shelf.tell(entry.id, numberOf(piece))
          }
          bytes += piece.bytes
          onProgress?.({ stage: 'verify', bytes, totalBytes, from: null })
        }
        this.#onUsed?.(entry)
      }),
    )
  }

  head(entry: CatalogueEntry, bytes: number, signal?: AbortSignal): Promise<Blob> {
    const covering = piecesUpTo(entry.manifest, bytes)
    return cancellable(signal, async () => {
      const verified = await this.#bringHead(entry, covering, signal)
      return joinPieces(covering, verified).slice(0, bytes)
    })
  }

  async remove(id: ModelId): Promise<void> {
    await navigator.locks.request(lockName(id), () => this.#pieces.remove(id))
  }

  async #knownModels(): Promise<ReadonlyMap<ModelId, ModelManifest>> {
    if (this.#known.size === 0) await this.catalogue()
    return this.#known
  }

  /** Tells how far the tab has come that this one waits for. */
  async #reportOther(id: ModelId, { onProgress }: FetchOptions): Promise<void> {
    const { bytes, totalBytes } = await this.status(id)
    onProgress?.({ stage: 'download', bytes, totalBytes, from: null })
  }

  /** Returns the first pieces. A tab that brings the whole model is waited for until it has brought these. */
  async #bringHead(
    entry: CatalogueEntry,
    wanted: Piece[],
    signal: AbortSignal | undefined,
  ): Promise<VerifiedPieces> {
    const verify = () => verifyKept(this.#pieces, entry.id, wanted, { signal })
    const kept = await verify()
    if (wanted.every(({ sha256 }) => kept.has(sha256))) return kept
    const brought = new AbortController()
    const endWaiting = (areKept: boolean) => areKept && brought.abort()
    const onWaiting = () => void this.#areKept(entry.id, wanted).then(endWaiting, () => {})
    const waiting = signal ? AbortSignal.any([signal, brought.signal]) : brought.signal
    try {
      return await takeTurn(lockName(entry.id), { signal: waiting, onWaiting }, async () => {
        const verified = await verify()
        await this.#reserveMissing(wanted, verified)
        await this.#download(entry, wanted, verified, { signal })
        return verified
      })
    } catch (error) {
      if (!brought.signal.aborted) throw error
      return this.#bringHead(entry, wanted, signal)
    }
  }

  async #areKept(id: ModelId, wanted: Piece[]): Promise<boolean> {
    const sizes = await this.#pieces.sizes(id)
    return wanted.every(({ sha256, bytes }) => sizes.get(sha256) === bytes)
  }

  /** Makes room for those that are not verified, and returns how many bytes they have. */
  async #reserveMissing(wanted: Piece[], verified: VerifiedPieces): Promise<number> {
    const missingBytes = sumBytes(wanted.filter((piece) => !verified.has(piece.sha256)))
    if (missingBytes > 0) await this.#pieces.reserve(missingBytes)
    return missingBytes
  }

  /** Returns all pieces of a model, those that were kept first. */
  async #complete(
    entry: CatalogueEntry,
    { signal, onProgress, onVerified }: FetchOptions,
  ): Promise<VerifiedPieces> {
    const { files, smoothing } = entry.manifest
    // Without its scales no weights can be prepared while they come.
    const isScales = ({ file }: Piece) => file.path === smoothing
    const wanted = modelPieces(entry.manifest).sort((a, b) => Number(isScales(b)) - Number(isScales(a)))
    const onRight = ({ file, start }: Piece, content: Blob) =>
      onVerified?.({ file: files.indexOf(file), start, content })
    const totalBytes = sumBytes(wanted)
    let from: BytesFrom | null = null
    const reporter = (stage: 'download' | 'verify', bytes = 0) => {
      return (more: number) => onProgress?.({ stage, bytes: (bytes += more), totalBytes, from })
    }
    const verified = await verifyKept(this.#pieces, entry.id, wanted, {
      signal,
      onChecked: reporter('verify'),
      onRight,
    })
    const missingBytes = await this.#reserveMissing(wanted, verified)
    const onBytes = reporter('download', totalBytes - missingBytes)
    const onFrom = (next: BytesFrom) => {
      from = next
      onBytes(0)
    }
    await this.#download(entry, wanted, verified, { signal, onBytes, onFrom, onRight })
    return verified
  }

  /** Fetches and keeps whatever of `wanted` is not among the verified pieces yet. */
  async #download(
    entry: CatalogueEntry,
    wanted: Piece[],
    verified: VerifiedPieces,
    events: DownloadEvents,
  ): Promise<void> {
    const { signal } = events
    const missing = wanted.filter((piece) => !verified.has(piece.sha256))
    const sources = { fetchRange: this.#fetchRange, peers: this.#peers, rests: this.#rests }
    const numberOf = numberPieces(entry.manifest)
    for await (const { piece, content } of downloadPieces(entry, missing, {
      ...sources,
      ...events,
      signal,
    })) {
      signal?.throwIfAborted()
      const kept = await this.#pieces.write(entry.id, piece.sha256, content)
      verified.set(piece.sha256, kept)
      this.#shelf.tell(entry.id, numberOf(piece))
      events.onRight?.(piece, kept)
    }
  }
}

/** The browser reads the pieces of the joined file from where they are kept: none of it is in memory. */
function joinPieces(pieces: Piece[], verified: VerifiedPieces): Blob {
  return new Blob(pieces.flatMap((piece) => verified.get(piece.sha256) ?? []))
}

function lockName(id: ModelId): string {
  return `opentab:model:${id}`
}

/** Whatever fails once the signal was aborted failed because of it. */
async function cancellable<result>(
  signal: AbortSignal | undefined,
  work: () => Promise<result>,
): Promise<result> {
  try {
    signal?.throwIfAborted()
    return await work()
  } catch (error) {
    if (!signal?.aborted) throw error
    throw new StorageError('storage/cancelled', 'The download was stopped.', { cause: error })
  }
}

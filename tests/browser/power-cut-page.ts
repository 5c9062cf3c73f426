import type { CatalogueEntry } from '../../src/domain/model.ts'
import { createHttpSource } from '../../src/models/http-source.ts'
import { OpfsPieceStore } from '../../src/models/opfs-piece-store.ts'
import { PieceModelStore } from '../../src/models/piece-model-store.ts'
import { PieceFiles } from '../../src/models/piece-files.ts'

/** Where in the writing of a piece the power goes. */
export const moments = [
  'before the file is opened',
  'before a byte is written',
  'while bytes are written',
  'before bytes are flushed',
  'before the file is closed',
  'before the file gets its name',
  'while the file gets its name',
  'after the file has its name',
] as const

/** The moment at which the power goes, and which of the pieces is being written then. */
export type Cut = { moment: number; piece: number }

async function open(folder: string, entry: CatalogueEntry, pieceFiles?: PieceFiles) {
  const root = await navigator.storage.getDirectory()
  const pieces = new OpfsPieceStore(await root.getDirectoryHandle(folder, { create: true }), pieceFiles)
  const store = new PieceModelStore({
    pieces,
    fetchRange: createHttpSource(),
    loadCatalogue: async () => [entry],
  })
  return { pieces, store }
}

/** Fetches the model; the power goes at a moment of the writing of one piece. */
export async function fetchUntilCut(
  folder: string,
  entry: CatalogueEntry,
  cut: { moment: (typeof moments)[number]; piece: number },
): Promise<void> {
  const pieceFiles = new PieceFiles(() => openCutWorker({ ...cut, moment: moments.indexOf(cut.moment) }))
  const { store } = await open(folder, entry, pieceFiles)
  await store.fetch(entry)
}

/** Starts the worker that writes pieces, and cuts the power when it has come as far as it is told. */
function openCutWorker(cut: Cut): Worker {
  const worker = new Worker(new URL('./power-cut-worker.ts', import.meta.url), { type: 'module' })
  worker.addEventListener('message', ({ data }: MessageEvent<{ type?: string }>) => {
    if (data.type === 'cut') (globalThis as unknown as { cutPower: () => void }).cutPower()
  })
  worker.postMessage({ type: 'cut', cut })
  return worker
}

/** What is kept of each piece, in bytes. */
export async function keptSizes(folder: string, entry: CatalogueEntry): Promise<number[]> {
  const sizes = await (await open(folder, entry)).pieces.sizes(entry.id)
  return entry.manifest.files[0]!.pieces.map((sha256) => sizes.get(sha256) ?? 0)
}

/** Fetches the rest, every piece of it verified, and returns how long the file is. */
export async function fetchRest(folder: string, entry: CatalogueEntry): Promise<number> {
  const { files } = await (await open(folder, entry)).store.fetch(entry)
  return files[0]!.size
}

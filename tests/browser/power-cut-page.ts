import type { CatalogueEntry } from '../../src/domain/model.ts'
import { createHttpSource } from '../../src/models/http-source.ts'
import { OpfsPieceStore } from '../../src/models/opfs-piece-store.ts'
import { PieceModelStore } from '../../src/models/piece-model-store.ts'

/** Where in the writing of a piece the power goes. */
export const moments = [
  'before the file is opened',
  'before a byte is written',
  'while bytes are written',
  'before the file is closed',
  'while the file is closed',
  'after the file is closed',
] as const

async function open(folder: string, entry: CatalogueEntry) {
  const root = await navigator.storage.getDirectory()
  const pieces = new OpfsPieceStore(await root.getDirectoryHandle(folder, { create: true }))
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
  const { store } = await open(folder, entry)
  cutPowerAt(moments.indexOf(cut.moment), cut.piece)
  await store.fetch(entry)
}

/** Each write of a piece passes every moment once, and pieces are written one after the other. */
function cutPowerAt(moment: number, piece: number): void {
  let opened = -1
  const { cutPower } = globalThis as unknown as { cutPower: () => void }
  const pass = async (at: number) => {
    if (opened !== piece || at !== moment) return
    cutPower()
    await new Promise<never>(() => {})
  }
  const file = FileSystemFileHandle.prototype
  const writable = FileSystemWritableFileStream.prototype
  const { createWritable } = file
  const { write, close } = writable
  file.createWritable = async function (options) {
    opened += 1
    await pass(0)
    return createWritable.call(this, options)
  }
  writable.write = async function (data) {
    await pass(1)
    const written = write.call(this, data)
    await pass(2)
    await written
    await pass(3)
  }
  writable.close = async function () {
    const closed = close.call(this)
    await pass(4)
    await closed
    await pass(5)
  }
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

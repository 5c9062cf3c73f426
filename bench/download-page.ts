import type { CatalogueEntry } from '../src/domain/model.ts'
import { createHttpSource } from '../src/models/http-source.ts'
import { openPieceStore } from '../src/models/open-piece-store.ts'
import { PieceModelStore } from '../src/models/piece-model-store.ts'

const megabytesPerSecond = (bytes: number, startedMs: number) =>
  bytes / 1000 / (performance.now() - startedMs)

/** Brings a model into the private files, each piece verified. Returns megabytes per second. */
export async function fetchModel(entry: CatalogueEntry): Promise<number> {
  const store = new PieceModelStore({
    pieces: await openPieceStore(),
    fetchRange: createHttpSource(),
    loadCatalogue: async () => [entry],
  })
  const startedMs = performance.now()
  const { files } = await store.fetch(entry)
  const figure = megabytesPerSecond(files[0]!.size, startedMs)
  await store.remove(entry.id)
  return figure
}

/** Reads the same file with nothing but `fetch`, into memory. Returns megabytes per second. */
export async function plainFetch(address: string): Promise<number> {
  const startedMs = performance.now()
  const response = await fetch(address, { cache: 'no-store' })
  const { byteLength } = await response.arrayBuffer()
  return megabytesPerSecond(byteLength, startedMs)
}

import type { CatalogueEntry } from '../../src/domain/model.ts'
import { createHttpSource } from '../../src/models/http-source.ts'
import { MemoryPieceStore } from '../../src/models/memory-piece-store.ts'
import { openPieceStore } from '../../src/models/open-piece-store.ts'
import { OpfsPieceStore } from '../../src/models/opfs-piece-store.ts'
import { PieceModelStore } from '../../src/models/piece-model-store.ts'
import type { ModelStatus } from '../../src/ports/model-store.ts'
import { modelStoreCases } from '../conformance/model-store.ts'
import { smallFiles } from '../fixtures/small-model.ts'

/** A model store on a folder of its own among the private files. */
async function open(
  folder: string,
  entry: CatalogueEntry,
  stallTimeoutMs = 60_000,
): Promise<PieceModelStore> {
  const root = await navigator.storage.getDirectory()
  const pieces = new OpfsPieceStore(await root.getDirectoryHandle(folder, { create: true }))
  const fetchRange = createHttpSource({ stallTimeoutMs })
  return new PieceModelStore({ pieces, fetchRange, loadCatalogue: async () => [entry] })
}

export async function runCase(index: number, entry: CatalogueEntry): Promise<void> {
  const contents = smallFiles().map((file) => file.content)
  await modelStoreCases[index]?.run({ entry, contents, open: () => open(`case-${index}`, entry) })
}

/** Fetches the model and tells whether every byte is right. */
export async function fetchModel(
  folder: string,
  entry: CatalogueEntry,
  stallTimeoutMs?: number,
): Promise<boolean> {
  const { files } = await (await open(folder, entry, stallTimeoutMs)).fetch(entry)
  const whole = await Promise.all(files.map((file) => file.arrayBuffer()))
  return smallFiles().every(({ content }, index) => {
    const actual = new Uint8Array(whole[index] ?? new ArrayBuffer())
    return actual.length === content.length && actual.every((byte, place) => byte === content[place])
  })
}

/** Fetches the model until it hears of progress, and returns how many bytes that was. */
export async function firstProgress(folder: string, entry: CatalogueEntry): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const stop = new AbortController()
  const fetching = (await open(folder, entry)).fetch(entry, {
    signal: stop.signal,
    onProgress: ({ bytes }) => resolve(bytes),
  })
  fetching.catch(() => undefined)
  return promise.finally(() => stop.abort())
}

export async function statusOf(folder: string, entry: CatalogueEntry): Promise<ModelStatus> {
  return (await open(folder, entry)).status(entry.id)
}

/** Changes one byte of a kept piece, as a failing disk would. */
export async function flipByte(folder: string, entry: CatalogueEntry, piece: number): Promise<void> {
  const root = await navigator.storage.getDirectory()
  const models = await (await root.getDirectoryHandle(folder)).getDirectoryHandle('models')
  const kept = await models.getDirectoryHandle(entry.id)
  const handle = await kept.getFileHandle(entry.manifest.files[0]?.pieces[piece] ?? '')
  const writable = await handle.createWritable({ keepExistingData: true })
  await writable.write({ type: 'write', position: 5, data: Uint8Array.of(0xff, 0x00, 0xff) })
  await writable.close()
}

/** Fetches where the browser says that little room is left. */
export async function fetchWithRoom(folder: string, entry: CatalogueEntry, freeBytes: number): Promise<void> {
  navigator.storage.estimate = async () => ({ quota: 5_000_000 + freeBytes, usage: 5_000_000 })
  await (await open(folder, entry)).fetch(entry)
}

/** Tells whether a browser that refuses private files gets a store in memory. */
export async function fallsBackToMemory(): Promise<boolean> {
  const kept = await openPieceStore()
  navigator.storage.getDirectory = () => Promise.reject(new DOMException('refused', 'SecurityError'))
  const fallback = await openPieceStore()
  return kept instanceof OpfsPieceStore && fallback instanceof MemoryPieceStore
}

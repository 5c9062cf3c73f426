import type { Hex } from '../../domain/bytes.ts'
import type { ModelManifest } from '../../domain/model.ts'
import { openSyncFile, type SyncFile } from './sync-file.ts'
import { sha256 } from './sha256.ts'
import { createMemoryWeights, type NewWeights, type Weights } from './weights.ts'

/** Prepared weights of earlier visits. A failure to keep or to find some is never an error. */
export type PreparedStore = {
  /** Returns the weights only if they are whole and unchanged. */
  find(key: string): Promise<Weights | null>
  /** Returns room for new ones: in memory where nothing can be kept. */
  create(key: string, bytes: number): Promise<NewWeights>
  /** Returns the test that the weights passed last, as `notePassed` was told; null where they never did. */
  passedTest(key: string): Promise<string | null>
  notePassed(key: string, test: string): Promise<void>
}

/** Written last: without it the weights beside it do not count. */
type Marker = { bytes: number; pieces: Hex[] }

const folderName = 'prepared-weights'
const weightsName = 'weights.bin'
const markerName = 'complete.json'
const passedName = 'passed.txt'
const mostKept = 3
/** Weights are hashed in pieces, so small that the memory for one is the memory of those before it. */
const pieceBytes = 2 ** 19
const piecesAtOnce = 8

/** Keeps prepared weights in the origin's private file system, where they take no memory while they are used. */
export const originPreparedStore: PreparedStore = {
  async find(key) {
    try {
      const folder = await openFolder(key)
      const { bytes = 0, ...marker } = parseMarker(await readText(folder, markerName))
      const weights = readFrom(await openSyncFile(folder, weightsName, 'read-only'), bytes)
      const pieces = await hashPieces(weights).catch(() => [])
      if (String(pieces) === String(marker.pieces)) return weights
      weights.close()
    } catch {
      // Never kept, or another tab writes it now.
    }
    return null
  },

  async create(key, bytes) {
    try {
      const folder = await openFolder(key, { create: true })
      for (const name of [markerName, passedName]) await folder.removeEntry(name).catch(() => undefined)
      await dropOthers(key)
      const file = await openSyncFile(folder, weightsName, 'readwrite')
      // No room shows here rather than in the middle.
      file.truncate(bytes)
      return writeTo(file, bytes, (marker) => writeText(folder, markerName, JSON.stringify(marker)))
    } catch {
      // No private file system, no room, or another tab prepares the same.
      return createMemoryWeights(bytes)
    }
  },

  passedTest: (key) =>
    openFolder(key)
      .then((folder) => readText(folder, passedName))
      .catch(() => null),

  // Without a note the next visit tests again.
  notePassed: (key, test) =>
    openFolder(key)
      .then((folder) => writeText(folder, passedName, test))
      .catch(() => undefined),
}

/**
 * Returns the same store for a model that is still coming: the room that its files need is not taken from them. What has none
 * is refused.
 */
export function createRoomyStore({ files }: ModelManifest): PreparedStore {
  const fileBytes = files.reduce((sum, { bytes }) => sum + bytes, 0)
  return {
    ...originPreparedStore,
    async create(key, bytes) {
      const { quota = 0, usage = 0 } = await navigator.storage.estimate()
      if (quota - usage < fileBytes + bytes) throw new Error('There is no room beside the files.')
      return originPreparedStore.create(key, bytes)
    },
  }
}

function readFrom(file: SyncFile, bytes: number): Weights {
  let room = new Uint8Array(pieceBytes)
  return {
    bytes,
    read(from, to) {
      if (room.length < to - from) room = new Uint8Array(to - from)
      const part = room.subarray(0, to - from)
      if (file.read(part, { at: from }) === part.length) return part
      throw new Error('The file of prepared weights is too short.')
    },
    close: () => file.close(),
  }
}

function writeTo(file: SyncFile, bytes: number, mark: (marker: Marker) => Promise<void>): NewWeights {
  const weights = readFrom(file, bytes)
  return {
    ...weights,
    write(part, at) {
      if (file.write(part, { at }) === part.length) return
      throw new Error('The prepared weights could not be written whole.')
    },
    // Without a marker the next visit prepares again.
    keep: () =>
      hashPieces(weights)
        .then((pieces) => mark({ bytes, pieces }))
        .catch(() => {}),
  }
}

/** Returns the hash of each piece, in order. */
async function hashPieces({ bytes, read }: Weights): Promise<Hex[]> {
  const hashes: Promise<Hex>[] = []
  for (let from = 0; from < bytes; from += pieceBytes) {
    await hashes.at(-piecesAtOnce)
    // A digest takes a copy before anything else is read.
    hashes.push(sha256(read(from, Math.min(from + pieceBytes, bytes))))
  }
  return Promise.all(hashes)
}

async function openFolder(
  key: string,
  options: FileSystemGetDirectoryOptions = {},
): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory()
  const folder = await root.getDirectoryHandle(folderName, options)
  return folder.getDirectoryHandle(key, options)
}

/** Weights can be prepared again: only those of the last few models and recipes are worth their room. */
async function dropOthers(key: string): Promise<void> {
  const root = await navigator.storage.getDirectory()
  const all = await root.getDirectoryHandle(folderName)
  const others: { name: string; completedMs: number }[] = []
  for await (const [name, entry] of all.entries()) {
    if (name === key || !(entry instanceof FileSystemDirectoryHandle)) continue
    const marker = await entry.getFileHandle(markerName).catch(() => null)
    others.push({ name, completedMs: marker ? (await marker.getFile()).lastModified : 0 })
  }
  others.sort((a, b) => b.completedMs - a.completedMs)
  for (const { name } of others.slice(mostKept - 1)) {
    // Another tab may hold it.
    await all.removeEntry(name, { recursive: true }).catch(() => undefined)
  }
}

async function readText(folder: FileSystemDirectoryHandle, name: string): Promise<string> {
  return (await (await folder.getFileHandle(name)).getFile()).text()
}

function parseMarker(text: string): Partial<Marker> {
  const marker: unknown = JSON.parse(text)
  return typeof marker === 'object' && marker !== null ? marker : {}
}

/** The file appears whole, when it is closed, or not at all. */
async function writeText(folder: FileSystemDirectoryHandle, name: string, text: string): Promise<void> {
  const writable = await (await folder.getFileHandle(name, { create: true })).createWritable()
  await writable.write(text)
  await writable.close()
}

import xxhash from 'xxhash-wasm'
import type { Hex } from '../../domain/bytes.ts'
import type { ModelManifest } from '../../domain/model.ts'
import { nextTask } from './next-task.ts'
import { openSyncFile, type SyncFile } from './sync-file.ts'
import { sha256 } from './sha256.ts'
import { createMemoryWeights, type NewWeights, type Weights } from './weights.ts'

/** An ONNX graph without its weights, and the weights that were prepared for it. */
export type KeptGraph = { graph: Uint8Array<ArrayBuffer>; weights: Weights }

/** What earlier visits prepared. A failure to keep or to find some is never an error. */
export type PreparedStore = {
  /** Returns a graph and its weights only if both are whole and unchanged. */
  find(key: string): Promise<KeptGraph | null>
  /** Returns room for new weights: in memory where nothing can be kept. */
  create(key: string, bytes: number): Promise<NewWeights>
  /** Returns what they passed last, as `notePassed` was told; null where they never did. */
  passed(key: string): Promise<PassedTest | null>
  notePassed(key: string, passed: PassedTest): Promise<void>
}

/** What names a test and all that decides how it ends, and how fast the model was then. */
export type PassedTest = { test: string; tokensPerSecond: number }

/** Sums of the graph and of its weights. Written last: without it what lies beside it does not count. */
type Marker = { bytes: number; weights: string; graph: Hex }

const folderName = 'prepared-weights'
const weightsName = 'weights.bin'
const graphName = 'graph.onnx'
const markerName = 'complete.json'
const passedName = 'passed.json'
const mostKept = 3
/** So much is read at once to be summed up: the processor's cache holds it. */
const pieceBytes = 2 ** 19
/** What waits for this thread waits some milliseconds at most. */
const uninterruptedBytes = 2 ** 24

/** Keeps graphs and weights in the origin's private file system, where weights take no memory while they are used. */
export const originPreparedStore: PreparedStore = {
  async find(key) {
    const folder = await openFolder(key).catch(() => null)
    if (!folder) return null
    // Each takes another process a while, so all three are opened side by side.
    const opening = openSyncFile(folder, weightsName, 'read-only')
    // It may be cut short, or written by another tab just now.
    const kept = await findWhole(folder, opening).catch(() => null)
    if (!kept) await opening.then((file) => file.close()).catch(() => undefined)
    return kept
  },

  async create(key, bytes) {
    try {
      const folder = await openFolder(key, { create: true })
      // Another tab that holds it keeps its marker, too.
      const file = await openSyncFile(folder, weightsName, 'readwrite')
      try {
        for (const name of [markerName, passedName]) await folder.removeEntry(name).catch(() => undefined)
        await dropOthers(key)
        // No room shows here rather than in the middle.
        file.truncate(bytes)
        return writeTo(file, bytes, folder)
      } catch (error) {
        file.close()
        throw error
      }
    } catch {
      // No private file system, no room, or another tab prepares the same.
      return createMemoryWeights(bytes)
    }
  },

  passed: (key) =>
    openFolder(key)
      .then(async (folder) => parsePassed(await readText(folder, passedName)))
      .catch(() => null),

  // Without a note the next visit tests again.
  notePassed: (key, passed) =>
    openFolder(key)
      .then((folder) => writeFile(folder, passedName, JSON.stringify(passed)))
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

async function findWhole(
  folder: FileSystemDirectoryHandle,
  opening: Promise<SyncFile>,
): Promise<KeptGraph | null> {
  const reading = [readFile(folder, graphName), readText(folder, markerName), opening] as const
  const [graph, text, file] = await Promise.all(reading)
  const { bytes = 0, ...marker } = parseMarker(text)
  const weights = readFrom(file, bytes)
  if ((await sha256(graph)) !== marker.graph) return null
  return (await sumUp(weights)) === marker.weights ? { graph, weights } : null
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

function writeTo(file: SyncFile, bytes: number, folder: FileSystemDirectoryHandle): NewWeights {
  const weights = readFrom(file, bytes)
  return {
    ...weights,
    write(part, at) {
      if (file.write(part, { at }) === part.length) return
      throw new Error('The prepared weights could not be written whole.')
    },
    async keep(graph) {
      try {
        const marker: Marker = { bytes, weights: await sumUp(weights), graph: await sha256(graph) }
        await writeFile(folder, graphName, graph)
        await writeFile(folder, markerName, JSON.stringify(marker))
      } catch {
        // Without a marker the next visit prepares again.
      }
    },
  }
}

/**
 * Returns the XXH64 of weights, in hexadecimal digits. It finds what a disk or a crash did to them, as a hash of
 * cryptography would in seven times the time: whoever could change them on purpose could change their marker, too.
 */
async function sumUp({ bytes, read }: Weights): Promise<string> {
  const sum = (await xxhash()).create64()
  for (let from = 0; from < bytes; from += pieceBytes) {
    sum.update(read(from, Math.min(from + pieceBytes, bytes)))
    // The runtime's program comes in meanwhile.
    if (from % uninterruptedBytes === 0) await nextTask()
  }
  return sum.digest().toString(16)
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
    // Another tab may take it away just now.
    const marker = await entry
      .getFileHandle(markerName)
      .then((handle) => handle.getFile())
      .catch(() => null)
    others.push({ name, completedMs: marker?.lastModified ?? 0 })
  }
  others.sort((a, b) => b.completedMs - a.completedMs)
  for (const { name } of others.slice(mostKept - 1)) {
    // Another tab may hold it.
    await all.removeEntry(name, { recursive: true }).catch(() => undefined)
  }
}

async function readText(folder: FileSystemDirectoryHandle, name: string): Promise<string> {
  return new TextDecoder().decode(await readFile(folder, name))
}

async function readFile(folder: FileSystemDirectoryHandle, name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await (await folder.getFileHandle(name)).getFile()).arrayBuffer())
}

function parseMarker(text: string): Partial<Marker> {
  const marker: unknown = JSON.parse(text)
  return typeof marker === 'object' && marker !== null ? marker : {}
}

function parsePassed(text: string): PassedTest | null {
  const { test, tokensPerSecond }: Partial<PassedTest> = JSON.parse(text)
  const isMeasured = typeof tokensPerSecond === 'number' && tokensPerSecond > 0
  return typeof test === 'string' && isMeasured ? { test, tokensPerSecond } : null
}

/** The file appears whole, when it is closed, or not at all. */
async function writeFile(
  folder: FileSystemDirectoryHandle,
  name: string,
  content: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  const writable = await (await folder.getFileHandle(name, { create: true })).createWritable()
  await writable.write(content)
  await writable.close()
}

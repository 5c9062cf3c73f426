import type { Hex } from '../../domain/bytes.ts'
import { sha256 } from './sha256.ts'

/** Prepared weights of earlier visits. A failure to keep or to find some is never an error. */
export type PreparedStore = {
  /** Returns the weights only if they are whole and unchanged. */
  find(key: string, bytes: number): Promise<Uint8Array<ArrayBuffer> | null>
  keep(key: string, weights: Uint8Array<ArrayBuffer>): Promise<void>
}

/** Written last: without it the weights beside it do not count. */
type Marker = { bytes: number; sha256: Hex }

const folderName = 'prepared-weights'
const mostKept = 3

/** Keeps prepared weights in the origin's private file system. */
export const originPreparedStore: PreparedStore = {
  async find(key, bytes) {
    try {
      const folder = await openFolder(key)
      const marker = parseMarker(await readText(folder, 'complete.json'))
      if (marker.bytes !== bytes) return null
      const file = await (await folder.getFileHandle('weights.bin')).getFile()
      if (file.size !== bytes) return null
      const weights = new Uint8Array(await file.arrayBuffer())
      return (await sha256(weights)) === marker.sha256 ? weights : null
    } catch {
      return null
    }
  },
  async keep(key, weights) {
    try {
      const folder = await openFolder(key)
      await folder.removeEntry('complete.json').catch(() => undefined)
      await dropOthers(key)
      await writeFile(folder, 'weights.bin', weights)
      const marker: Marker = { bytes: weights.length, sha256: await sha256(weights) }
      await writeFile(folder, 'complete.json', new TextEncoder().encode(JSON.stringify(marker)))
    } catch {
      // No private file system, or no room: the next visit prepares again.
      await removeFolder(key)
    }
  },
}

async function openFolder(key: string): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory()
  const folder = await root.getDirectoryHandle(folderName, { create: true })
  return folder.getDirectoryHandle(key, { create: true })
}

/** Weights can be prepared again: only those of the last few models and recipes are worth their room. */
async function dropOthers(key: string): Promise<void> {
  const root = await navigator.storage.getDirectory()
  const all = await root.getDirectoryHandle(folderName)
  const others: { name: string; completedMs: number }[] = []
  for await (const [name, entry] of all.entries()) {
    if (name === key || !(entry instanceof FileSystemDirectoryHandle)) continue
    const marker = await entry.getFileHandle('complete.json').catch(() => null)
    others.push({ name, completedMs: marker ? (await marker.getFile()).lastModified : 0 })
  }
  others.sort((a, b) => b.completedMs - a.completedMs)
  for (const { name } of others.slice(mostKept - 1)) await removeFolder(name)
}

async function removeFolder(key: string): Promise<void> {
  try {
    const root = await navigator.storage.getDirectory()
    const folder = await root.getDirectoryHandle(folderName)
    await folder.removeEntry(key, { recursive: true })
  } catch {
    // Nothing was there, or another tab holds it.
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
async function writeFile(
  folder: FileSystemDirectoryHandle,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const writable = await (await folder.getFileHandle(name, { create: true })).createWritable()
  await writable.write(bytes)
  await writable.close()
}

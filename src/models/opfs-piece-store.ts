import type { Hex } from '../domain/bytes.ts'
import type { ModelId } from '../domain/model.ts'
import { StorageError, asStorageError } from '../errors/index.ts'
import type { PieceStore } from './piece-store.ts'
import { PieceFiles } from './piece-files.ts'
import { unfinished } from './write-piece.ts'

const folderName = 'models'

/**
 * Keeps each piece as a file of its own among the origin's private files, written and hashed in a worker.
 * A file gets its name when it was written to the end, so a crash leaves no half piece.
 */
export class OpfsPieceStore implements PieceStore {
  readonly #root: FileSystemDirectoryHandle
  readonly #files: PieceFiles

  constructor(root: FileSystemDirectoryHandle, files = new PieceFiles()) {
    this.#root = root
    this.#files = files
  }

  async room(): Promise<{ freeBytes: number | null; isPersistent: boolean }> {
    const { quota, usage = 0 } = await navigator.storage.estimate()
    const isPersistent = await navigator.storage.persisted().catch(() => false)
    return { freeBytes: quota === undefined ? null : Math.max(quota - usage, 0), isPersistent }
  }

  async reserve(bytes: number): Promise<void> {
    const { freeBytes } = await this.room()
    if (freeBytes !== null && bytes > freeBytes) throw tooLarge(bytes, freeBytes)
    // Some browsers ask the person first: the download does not wait for that.
    navigator.storage.persist().catch(() => false)
  }

  async read(model: ModelId, sha256: Hex): Promise<Blob | null> {
    try {
      const folder = await this.#folder(model)
      return await (await folder.getFileHandle(sha256)).getFile()
    } catch (error) {
      if (isNotFound(error)) return null
      throw asStorageError(error)
    }
  }

  async hash(model: ModelId, sha256: Hex): Promise<Hex | null> {
    try {
      return await this.#files.hash(await this.#folder(model), sha256)
    } catch (error) {
      if (isNotFound(error)) return null
      throw asStorageError(error)
    }
  }

  async write(model: ModelId, sha256: Hex, content: Uint8Array<ArrayBuffer>): Promise<Blob> {
    try {
      const folder = await this.#folder(model, { create: true })
      await this.#files.write(folder, sha256, content)
      return await (await folder.getFileHandle(sha256)).getFile()
    } catch (error) {
      throw asStorageError(error)
    }
  }

  async sizes(model: ModelId): Promise<Map<Hex, number>> {
    const sizes = new Map<Hex, number>()
    try {
      for await (const handle of (await this.#folder(model)).values()) {
        if (handle.kind === 'file' && !handle.name.endsWith(unfinished))
          sizes.set(handle.name as Hex, (await handle.getFile()).size)
      }
    } catch (error) {
      if (!isNotFound(error)) throw asStorageError(error)
    }
    return sizes
  }

  async models(): Promise<ModelId[]> {
    const models: ModelId[] = []
    try {
      const folder = await this.#root.getDirectoryHandle(folderName)
      for await (const name of folder.keys()) models.push(name as ModelId)
    } catch (error) {
      if (!isNotFound(error)) throw asStorageError(error)
    }
    return models
  }

  async remove(model: ModelId): Promise<void> {
    try {
      const models = await this.#root.getDirectoryHandle(folderName, { create: true })
      await models.removeEntry(model, { recursive: true })
    } catch (error) {
      if (!isNotFound(error)) throw asStorageError(error)
    }
  }

  async #folder(model: ModelId, options: FileSystemGetDirectoryOptions = {}) {
    const models = await this.#root.getDirectoryHandle(folderName, options)
    return models.getDirectoryHandle(model, options)
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotFoundError'
}

function tooLarge(bytes: number, freeBytes: number): StorageError {
  const needed = Math.ceil(bytes / 1e6)
  const free = Math.floor(freeBytes / 1e6)
  return new StorageError(
    'storage/quota',
    `This model needs ${needed} MB more, and this browser has room for ${free} MB.`,
  )
}

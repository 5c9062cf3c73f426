import { MemoryPieceStore } from './memory-piece-store.ts'
import { OpfsPieceStore } from './opfs-piece-store.ts'
import type { PieceStore } from './piece-store.ts'

/** Returns a store on the browser's private files, or one in memory where it has none (some private windows). */
export async function openPieceStore(): Promise<PieceStore> {
  try {
    const root = await navigator.storage.getDirectory()
    if ('move' in FileSystemFileHandle.prototype) return new OpfsPieceStore(root)
  } catch {
    // Refused: nothing will be kept, and everything else still works.
  }
  return new MemoryPieceStore()
}

import type { Hex } from '../domain/bytes.ts'
import type { ModelId } from '../domain/model.ts'

/**
 * Keeps pieces under the hash they should have. A piece is there whole or not at all,
 * but whoever reads it checks the hash: disks forget too.
 */
export interface PieceStore {
  /** Returns what the browser says there is room for, and whether it promised to keep what is here. */
  room(): Promise<{ freeBytes: number | null; isPersistent: boolean }>
  /** Makes sure that so many more bytes fit, and asks the browser not to evict them. @throws StorageError `storage/quota` */
  reserve(bytes: number): Promise<void>
  read(model: ModelId, sha256: Hex): Promise<Blob | null>
  /** Returns the hash that a piece's bytes have now; null where it is not there or cannot be read. */
  hash(model: ModelId, sha256: Hex): Promise<Hex | null>
  /** Returns the piece as it is kept. @throws StorageError `storage/quota` */
  write(model: ModelId, sha256: Hex, content: Uint8Array<ArrayBuffer>): Promise<Blob>
  /** Sizes of the pieces of a model, by hash. */
  sizes(model: ModelId): Promise<Map<Hex, number>>
  /** Models of which anything is kept. */
  models(): Promise<ModelId[]>
  remove(model: ModelId): Promise<void>
}

import type { ModelId } from '../domain/model.ts'
import type { PieceSet } from '../domain/piece-set.ts'

/** What is kept of a model, to be lent. */
export type LendableModel = {
  /** Pieces of the whole model. */
  pieceCount: number
  held: PieceSet
}

/** The pieces that this browser keeps. Pieces have the numbers of `PieceSet`. */
export interface PieceShelf {
  /** Known models of which at least one piece is kept. */
  lendable(): Promise<ModelId[]>
  /** Returns null for a model that is not known here. */
  holding(model: ModelId): Promise<LendableModel | null>
  /** Returns a piece whose hash was checked just now; null when it is not here, or wrong. */
  read(model: ModelId, piece: number): Promise<Uint8Array<ArrayBuffer> | null>
  /** Calls back with each piece that this tab keeps from now on. Returns an unsubscribe. */
  watchGains(onGained: (model: ModelId, piece: number) => void): () => void
}

/** A piece as it came from another tab. */
export type ReceivedPiece = { piece: number; content: Uint8Array<ArrayBuffer> }

/** Pieces to be brought from other tabs. */
export type PieceRequest = {
  model: ModelId
  /** Pieces of the whole model. */
  pieceCount: number
  /** Size in bytes of each missing piece, by its number. */
  missing: ReadonlyMap<number, number>
  /**
   * Resolves when the content is that piece; a tab that sent another one is left alone for a while.
   * @throws StorageError `storage/hash-mismatch` naming file and piece
   */
  verify(received: ReceivedPiece): Promise<void>
  /** Called as bytes come in, and with a negative count when they turn out useless. */
  onBytes?: ((bytes: number) => void) | undefined
  /** Called with the number of tabs that pieces come from now. */
  onTabs?: ((tabs: number) => void) | undefined
  signal?: AbortSignal | undefined
}

/** Other tabs as a source of pieces. */
export interface PiecePeers {
  /**
   * Yields the missing pieces as they come, in any order, each of them right.
   * @throws StorageError `storage/hash-mismatch` naming a tab that lied when no other had the rest,
   * `storage/source-failed` when no tab has it
   */
  fetch(request: PieceRequest): AsyncIterable<ReceivedPiece>
}

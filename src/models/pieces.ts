import type { Hex } from '../domain/bytes.ts'
import type { ModelFile, ModelManifest } from '../domain/model.ts'

/** The part of a file that one hash covers. */
export type Piece = {
  file: ModelFile
  index: number
  /** Offset in the file, in bytes. */
  start: number
  bytes: number
  sha256: Hex
}

/** Returns the pieces of a file in order. */
export function piecesOf(file: ModelFile): Piece[] {
  return file.pieces.map((sha256, index) => {
    const start = index * file.pieceBytes
    return { file, index, start, bytes: Math.min(file.pieceBytes, file.bytes - start), sha256 }
  })
}

/** Groups pieces that follow one another in a file, so that one request brings each group. */
export function contiguousRuns(pieces: Iterable<Piece>): Piece[][] {
  const runs: Piece[][] = []
  for (const piece of pieces) {
    const run = runs.at(-1)
    const last = run?.at(-1)
    if (last?.file === piece.file && last.index === piece.index - 1) run?.push(piece)
    else runs.push([piece])
  }
  return runs
}

/** Returns how many bytes the pieces have together. */
export function sumBytes(parts: Iterable<{ bytes: number }>): number {
  let bytes = 0
  for (const part of parts) bytes += part.bytes
  return bytes
}

/** Returns the pieces that hold the first bytes of a model, its files one after the other. */
export function piecesUpTo(manifest: ModelManifest, bytes: number): Piece[] {
  let end = 0
  return modelPieces(manifest).filter((piece) => {
    const start = end
    end += piece.bytes
    return start < bytes
  })
}

/** Returns the pieces of all files, file by file. */
export function modelPieces(manifest: ModelManifest | undefined): Piece[] {
  return manifest?.files.flatMap(piecesOf) ?? []
}

/** Returns the number of each piece of a model, counted over all files as the manifest lists them. */
export function numberPieces(manifest: ModelManifest): (piece: Piece) => number {
  const before = new Map<string, number>()
  let count = 0
  for (const { path, pieces } of manifest.files) {
    before.set(path, count)
    count += pieces.length
  }
  return ({ file, index }) => (before.get(file.path) ?? 0) + index
}

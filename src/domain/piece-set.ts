import { type Hex, fromHex, toHex } from './bytes.ts'

/** Pieces of a model by number: all files one after the other, as the manifest lists them. */
export type PieceSet = ReadonlySet<number>

/** Returns a set as a bitmap, the lowest number in the highest bit of the first byte. */
export function toBitmap(pieces: PieceSet, pieceCount: number): Hex {
  const bytes = new Uint8Array(Math.ceil(pieceCount / 8))
  for (const piece of pieces) bytes[piece >> 3] = (bytes[piece >> 3] ?? 0) | (0x80 >> (piece & 7))
  return toHex(bytes)
}

/** Returns the numbers in a bitmap, or null for one of another size or with a bit beyond the last piece. */
export function fromBitmap(bitmap: Hex, pieceCount: number): Set<number> | null {
  const bytes = fromHex(bitmap)
  if (bytes.byteLength !== Math.ceil(pieceCount / 8)) return null
  const pieces = new Set<number>()
  for (let piece = 0; piece < 8 * bytes.byteLength; piece++) {
    if (((bytes[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) !== 0) pieces.add(piece)
  }
  return [...pieces].every((piece) => piece < pieceCount) ? pieces : null
}

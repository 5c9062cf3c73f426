import type { PieceSet } from './piece-set.ts'

/** What a download knows when it may ask one of several tabs for another piece. */
export type PieceChoice = {
  /** Pieces that nobody has been asked for yet. */
  wanted: PieceSet
  /** What the tab holds that may be asked now. */
  held: PieceSet
  /** What each connected tab holds, that one included. */
  holdings: PieceSet[]
  /** From 0 up to, not including, 1: tabs that begin together must not all ask for the same. */
  chance: number
}

/**
 * Returns the wanted piece that the fewest tabs hold, so that it is soon held by one more; null when there is none.
 * Of several equally rare ones `chance` picks.
 */
export function choosePiece({ wanted, held, holdings, chance }: PieceChoice): number | null {
  let rarest: number[] = []
  let fewest = Infinity
  for (const piece of wanted) {
    if (!held.has(piece)) continue
    const holders = holdings.filter((holding) => holding.has(piece)).length
    if (holders > fewest) continue
    if (holders < fewest) rarest = []
    fewest = holders
    rarest.push(piece)
  }
  return rarest[Math.floor(chance * rarest.length)] ?? null
}

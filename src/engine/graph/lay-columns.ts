import type { MatrixRows } from './matrix-rows.ts'

type Shape = Pick<MatrixRows, 'inputs' | 'outputs'>

/** Writes some rows of a matrix as columns, the first of them as column `first`. */
export function layColumns<numbers extends Float32Array | Uint8Array>(
  rows: numbers,
  columns: numbers,
  { inputs, outputs }: Shape,
  first: number,
): void {
  const count = rows.length / inputs
  for (let input = 0; input < inputs; input++) {
    const column = input * outputs + first
    for (let row = 0; row < count; row++) columns[column + row] = rows[row * inputs + input]!
  }
}

/** Does the same with bytes: in squares of four by four, where rows and columns can be cut into such. */
export function layByteColumns(rows: Uint8Array, columns: Uint8Array, shape: Shape, first: number): void {
  const { inputs, outputs } = shape
  const lengths = [inputs, outputs, first, rows.length / inputs, rows.byteOffset, columns.byteOffset]
  if (lengths.every((length) => length % 4 === 0)) laySquares(fours(rows), fours(columns), shape, first)
  else layColumns(rows, columns, shape, first)
}

/** Four bytes of a row are one number, the first of them its lowest. */
function laySquares(rows: Int32Array, columns: Int32Array, { inputs, outputs }: Shape, first: number): void {
  const row = inputs / 4
  const column = outputs / 4
  for (let input = 0; input < row; input++) {
    let to = input * outputs + first / 4
    for (let from = input; from < rows.length; from += 4 * row, to++) {
      const a = rows[from]!
      const b = rows[from + row]!
      const c = rows[from + 2 * row]!
      const d = rows[from + 3 * row]!
      // Bytes 0 and 2 of two rows in turns, and bytes 1 and 3.
      const evenOfAB = (a & 0xff00ff) | ((b & 0xff00ff) << 8)
      const oddOfAB = ((a >>> 8) & 0xff00ff) | (b & 0xff00ff00)
      const evenOfCD = (c & 0xff00ff) | ((d & 0xff00ff) << 8)
      const oddOfCD = ((c >>> 8) & 0xff00ff) | (d & 0xff00ff00)
      columns[to] = (evenOfAB & 0xffff) | (evenOfCD << 16)
      columns[to + column] = (oddOfAB & 0xffff) | (oddOfCD << 16)
      columns[to + 2 * column] = (evenOfAB >>> 16) | (evenOfCD & 0xffff0000)
      columns[to + 3 * column] = (oddOfAB >>> 16) | (oddOfCD & 0xffff0000)
    }
  }
}

function fours({ buffer, byteOffset, length }: Uint8Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length / 4)
}

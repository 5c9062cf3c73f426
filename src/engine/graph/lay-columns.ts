import type { MatrixRows } from './matrix-rows.ts'

/** Writes some rows of a matrix as columns, the first of them as column `first`. */
export function layColumns<numbers extends Float32Array | Int8Array>(
  rows: numbers,
  columns: numbers,
  { inputs, outputs }: Pick<MatrixRows, 'inputs' | 'outputs'>,
  first: number,
): void {
  const count = rows.length / inputs
  for (let input = 0; input < inputs; input++) {
    const column = input * outputs + first
    for (let row = 0; row < count; row++) columns[column + row] = rows[row * inputs + input]!
  }
}

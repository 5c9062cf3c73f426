import { describe, expect, test } from 'vitest'
import { createMulberry32 } from '../../device/mulberry32.ts'
import { layByteColumns } from './lay-columns.ts'

const random = createMulberry32(5)

const shapes = [
  { inputs: 8, outputs: 12, rowsAtOnce: 4 },
  { inputs: 64, outputs: 128, rowsAtOnce: 64 },
  { inputs: 8, outputs: 12, rowsAtOnce: 5 },
  { inputs: 7, outputs: 12, rowsAtOnce: 4 },
  { inputs: 8, outputs: 13, rowsAtOnce: 4 },
]

describe.each(shapes)(
  '$outputs rows of $inputs bytes, $rowsAtOnce at once',
  ({ inputs, outputs, rowsAtOnce }) => {
    test.each([0, 1])('become columns, in a place that begins at byte %i', (beginning) => {
      const rows = Uint8Array.from({ length: inputs * outputs }, random)
      const columns = new Uint8Array(new ArrayBuffer(inputs * outputs + beginning), beginning)
      for (let first = 0; first < outputs; first += rowsAtOnce) {
        const some = rows.slice(first * inputs, (first + rowsAtOnce) * inputs)
        layByteColumns(some, columns, { inputs, outputs }, first)
      }
      const expected = Array.from(
        columns,
        (_, at) => rows[(at % outputs) * inputs + Math.floor(at / outputs)],
      )
      expect([...columns]).toEqual(expected)
    })
  },
)

import { expect, test } from 'vitest'
import { choosePiece } from './choose-piece.ts'

const wanted = new Set([0, 1, 2, 3])
const all = new Set([0, 1, 2, 3, 4])

test('takes the piece that the fewest tabs hold', () => {
  const holdings = [all, new Set([0, 1, 3]), new Set([1, 3])]
  expect(choosePiece({ wanted, held: all, holdings, chance: 0 })).toBe(2)
})

test('takes only what is wanted and what that tab holds', () => {
  const held = new Set([1, 4])
  expect(choosePiece({ wanted, held, holdings: [held, all], chance: 0 })).toBe(1)
  expect(choosePiece({ wanted, held: new Set([4]), holdings: [all], chance: 0 })).toBeNull()
  expect(choosePiece({ wanted: new Set(), held: all, holdings: [all], chance: 0 })).toBeNull()
})

test('lets chance pick among equally rare pieces, each of them', () => {
  const picked = [0, 0.25, 0.5, 0.999].map((chance) =>
    choosePiece({ wanted, held: all, holdings: [all, all], chance }),
  )
  expect(picked).toEqual([0, 1, 2, 3])
})

import { expect, test } from 'vitest'
import { fromBitmap, toBitmap } from './piece-set.ts'

test('writes the lowest number into the highest bit', () => {
  expect(toBitmap(new Set([0, 9]), 10)).toBe('0x8040')
})

test('gives back what it was made of', () => {
  const pieces = new Set([0, 3, 7, 8, 12])
  expect(fromBitmap(toBitmap(pieces, 13), 13)).toEqual(pieces)
  expect(fromBitmap(toBitmap(new Set(), 5), 5)).toEqual(new Set())
})

test('refuses a bitmap of another size, and bits beyond the last piece', () => {
  expect(fromBitmap('0x80', 9)).toBeNull()
  expect(fromBitmap('0x8000', 8)).toBeNull()
  expect(fromBitmap('0x01', 7)).toBeNull()
})

import { expect, test } from 'vitest'
import type { ModelId } from '../domain/model.ts'
import { chooseDropped } from './manifest-room.ts'

const idOf = (name: string): ModelId => `0x${name}`
const sizesOf = (sizes: Record<string, number>) =>
  new Map(Object.entries(sizes).map(([name, bytes]) => [idOf(name), bytes]))
const needed = (held: string[], listed: string[]) => ({
  held: new Set(held.map(idOf)),
  listed: new Set(listed.map(idOf)),
})
const room = { count: 3, bytes: 100 }

test('what fits stays', () => {
  expect(chooseDropped(sizesOf({ a: 50, b: 30, c: 20 }), needed([], []), room)).toEqual([])
})

test('what nobody needs goes before what is listed, and what is held stays', () => {
  const sizes = sizesOf({ a: 1, b: 9, c: 1, d: 1, e: 1 })
  expect(chooseDropped(sizes, needed(['b'], ['a', 'd', 'e']), room)).toEqual([idOf('c')])
  expect(chooseDropped(sizes, needed(['b', 'c'], ['a', 'd', 'e']), room)).toEqual([])
})

test('long ones displace no more than each other', () => {
  const sizes = sizesOf({ a: 20, b: 60, c: 70 })
  expect(chooseDropped(sizes, needed([], ['a', 'b', 'c']), room)).toEqual([idOf('c')])
})

test('of two that are alike the same one goes, whichever came last', () => {
  const listed = needed([], ['a', 'b'])
  expect(chooseDropped(sizesOf({ a: 70, b: 70 }), listed, room)).toEqual([idOf('b')])
  expect(chooseDropped(sizesOf({ b: 70, a: 70 }), listed, room)).toEqual([idOf('b')])
})

test('what is held takes nobody’s room', () => {
  const sizes = sizesOf({ a: 500, b: 60, c: 40, d: 0 })
  expect(chooseDropped(sizes, needed(['a'], ['b', 'c', 'd']), room)).toEqual([])
})

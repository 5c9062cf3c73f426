import { expect, test } from 'vitest'
import { HostCache } from './host-cache.ts'

const shape = { planes: 2, heads: 3, headWidth: 4 }
const rowsOf = (tokens: number, start: number) =>
  Array.from({ length: 2 }, (_, plane) =>
    Float32Array.from({ length: 3 * tokens * 4 }, (_, index) => start + plane * 1000 + index),
  )

/** Returns each plane's kept rows, whatever room lies between the heads. */
function readRows(cache: HostCache): number[][] {
  return cache.planes.map((_, index) => {
    const packed = new Float32Array(cache.planeLength(cache.length))
    cache.copyRows(index, packed, cache.length, 0, cache.length)
    return [...packed]
  })
}

test('a copy of the first tokens holds their rows and grows on its own', () => {
  const cache = new HostCache(shape)
  cache.reserve(70)
  cache.append(rowsOf(70, 0), 70)
  const beginning = new HostCache(shape)
  beginning.reserve(5)
  const first = rowsOf(70, 0).map((plane) =>
    Float32Array.from([0, 1, 2].flatMap((head) => [...plane.subarray(head * 280, head * 280 + 20)])),
  )
  beginning.append(first, 5)

  const copy = cache.copyFirst(5)
  expect([copy.length, copy.capacity]).toEqual([5, 32])
  expect(readRows(copy)).toEqual(readRows(beginning))
  const before = readRows(cache)
  copy.append(rowsOf(1, 7777), 1)
  expect(readRows(cache)).toEqual(before)
  expect(copy.length).toBe(6)
})

test('a copy is never longer than what there is', () => {
  const cache = new HostCache(shape)
  cache.reserve(3)
  cache.append(rowsOf(3, 0), 3)
  expect(cache.copyFirst(50).length).toBe(3)
  expect(readRows(cache.copyFirst(50))).toEqual(readRows(cache))
})

test.each([
  [1, 32],
  [33, 64],
  [256, 256],
  [257, 320],
])('%i tokens have room for %i, by which memory is counted', (tokens, room) => {
  const cache = new HostCache(shape)
  expect(cache.bytes).toBe(0)
  cache.reserve(tokens)
  expect(cache.capacity).toBe(room)
  expect(cache.bytes).toBe(2 * 3 * room * 4 * 4)
})

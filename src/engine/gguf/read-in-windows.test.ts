import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { createMulberry32 } from '../../device/mulberry32.ts'
import { readInWindows } from './read-in-windows.ts'

const mebibyte = 2 ** 20
const random = createMulberry32(11)
const content = Uint8Array.from({ length: 8.5 * mebibyte }, () => random())
const blob = new Blob([content])

/** Stretches that were read of the file. */
let reads: [from: number, to: number][]
let broken: boolean
const file = {
  size: blob.size,
  slice: (from: number, to: number) => ({
    arrayBuffer: () => {
      reads.push([from, to])
      return broken ? Promise.reject(new Error('The disk is gone.')) : blob.slice(from, to).arrayBuffer()
    },
  }),
}

beforeEach(() => {
  reads = []
  broken = false
})

const anyPart = fc
  .tuple(fc.nat(content.length), fc.nat(content.length))
  .map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const)

test('whatever part is asked for, and whatever beside it, has the bytes of the file', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyPart, { minLength: 1, maxLength: 6 }), async (parts) => {
      const read = readInWindows(file)
      const found = await Promise.all(parts.map(([from, to]) => read(from, to)))
      for (const [index, [from, to]] of parts.entries()) {
        expect(Buffer.compare(found[index]!, content.subarray(from, to))).toBe(0)
      }
    }),
    { numRuns: 30 },
  )
})

test('parts that follow one another are read a window at a time, each byte once', async () => {
  const read = readInWindows(file)
  const length = 300_000
  for (let from = 0; from + length <= content.length; from += length) await read(from, from + length)
  const windows = [0, 2, 4, 6, 8].map((start) => [
    start * mebibyte,
    Math.min((start + 2) * mebibyte, content.length),
  ])
  expect(reads).toEqual(windows)
  // Only the last few are kept.
  await read(0, length)
  expect(reads).toEqual([...windows, windows[0]])
})

test('what is longer than a window is read by itself', async () => {
  await readInWindows(file)(5, 6 * mebibyte)
  expect(reads).toEqual([[5, 6 * mebibyte]])
})

test('a window that could not be read is read again', async () => {
  const read = readInWindows(file)
  broken = true
  await expect(read(10, 20)).rejects.toThrow('The disk is gone.')
  broken = false
  expect(await read(10, 20)).toEqual(content.subarray(10, 20))
})

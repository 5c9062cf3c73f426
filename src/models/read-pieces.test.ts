import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ModelFile } from '../domain/model.ts'
import { contiguousRuns, piecesOf, sumBytes } from './pieces.ts'
import { readPieces } from './read-pieces.ts'

const hashOf = (bytes: Uint8Array) => `0x${createHash('sha256').update(bytes).digest('hex')}` as const
const content = Uint8Array.from({ length: 10 }, (_, index) => index)
const file: ModelFile = {
  path: 'a.gguf',
  bytes: content.length,
  sha256: hashOf(content),
  pieceBytes: 4,
  pieces: [0, 4, 8].map((start) => hashOf(content.subarray(start, start + 4))),
}
const pieces = piecesOf(file)

async function* stream(bytes: Uint8Array, cuts: number[]): AsyncGenerator<Uint8Array> {
  const ends = [...new Set(cuts), bytes.length].sort((a, b) => a - b)
  for (const [index, end] of ends.entries()) yield bytes.subarray(ends[index - 1] ?? 0, end)
}

async function collect(chunks: AsyncIterable<Uint8Array>, wanted = pieces, read: number[][] = []) {
  let counted = 0
  for await (const verified of readPieces(chunks, wanted, (bytes) => (counted += bytes))) {
    expect(verified.piece).toBe(wanted[read.length])
    read.push([...verified.content])
  }
  return { read, counted }
}

test('describes the pieces of a file, the last one short', () => {
  expect(pieces.map(({ index, start, bytes }) => [index, start, bytes])).toEqual([
    [0, 0, 4],
    [1, 4, 4],
    [2, 8, 2],
  ])
  expect(sumBytes(pieces)).toBe(10)
})

test('groups what one request can bring, never across files', () => {
  const other = piecesOf({ ...file, path: 'b.gguf' })
  const [first, second, third] = pieces
  const [, otherSecond] = other
  expect(contiguousRuns([])).toEqual([])
  expect(contiguousRuns([first, third].flatMap((piece) => piece ?? []))).toEqual([[first], [third]])
  expect(contiguousRuns([first, otherSecond, third].flatMap((piece) => piece ?? []))).toHaveLength(3)
  expect(contiguousRuns(pieces)).toEqual([[first, second, third]])
})

test('finds the same pieces wherever the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 10 })), async (cuts) => {
      const { read, counted } = await collect(stream(content, cuts))
      expect(read).toEqual([
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9],
      ])
      expect(counted).toBe(10)
    }),
  )
})

test('gives the whole pieces of a stream that ends early', async () => {
  const read: number[][] = []
  await expect(collect(stream(content.subarray(0, 7), []), pieces, read)).rejects.toMatchObject({
    code: 'storage/source-failed',
    details: 'after 7 bytes of a.gguf',
  })
  expect(read).toEqual([[0, 1, 2, 3]])
})

test('leaves alone what follows the last piece', async () => {
  const { read, counted } = await collect(stream(content, []), pieces.slice(0, 1))
  expect({ read, counted }).toEqual({ read: [[0, 1, 2, 3]], counted: 4 })
})

test('stops at the first wrong byte', async () => {
  const wrong = Uint8Array.from(content).fill(99, 5, 6)
  await expect(collect(stream(wrong, [3, 6]))).rejects.toMatchObject({
    code: 'storage/hash-mismatch',
    shortMessage: expect.stringContaining('Piece 1 of a.gguf'),
  })
})

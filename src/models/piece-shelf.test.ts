import { expect, test } from 'vitest'
import { smallFacts, smallFiles, smallPieceBytes } from '../../tests/fixtures/small-model.ts'
import type { ModelId, ModelManifest } from '../domain/model.ts'
import { publishInMemory } from './memory-model-store.ts'
import { MemoryPieceStore } from './memory-piece-store.ts'
import { KeptPieceShelf } from './piece-shelf.ts'
import { modelPieces } from './pieces.ts'

async function setUp() {
  const { entry, files } = await publishInMemory(smallFiles(), smallFacts, smallPieceBytes)
  const pieces = new MemoryPieceStore()
  const known = new Map<ModelId, ModelManifest>([[entry.id, entry.manifest]])
  const all = modelPieces(entry.manifest)
  const contents = await Promise.all(
    all.map(async ({ file, start, bytes }) => {
      const blob = files.find(({ path }) => path === file.path)!.blob
      return new Uint8Array(await blob.slice(start, start + bytes).arrayBuffer())
    }),
  )
  const keep = (number: number, content = contents[number]!) =>
    pieces.write(entry.id, all[number]!.sha256, content)
  return { entry, pieces, known, contents, keep, shelf: new KeptPieceShelf(pieces, async () => known) }
}

test('numbers pieces over all files, and lends those that are whole', async () => {
  const { entry, shelf, keep, contents } = await setUp()
  expect(await shelf.lendable()).toEqual([])
  await keep(1)
  await keep(5)
  await keep(0, contents[0]!.slice(0, 9))
  expect(await shelf.holding(entry.id)).toEqual({ pieceCount: 6, held: new Set([1, 5]) })
  expect(await shelf.lendable()).toEqual([entry.id])
  expect(await shelf.read(entry.id, 5)).toEqual(contents[5])
})

test('lends no piece that the disk has spoiled, that is not here, or that there is none of', async () => {
  const { entry, shelf, keep, contents } = await setUp()
  await keep(
    2,
    contents[2]!.map((byte) => byte ^ 1),
  )
  for (const number of [2, 3, 99]) expect(await shelf.read(entry.id, number)).toBeNull()
})

test('lends nothing of a model whose manifest is not known', async () => {
  const { entry, shelf, keep, known } = await setUp()
  await keep(0)
  known.clear()
  expect(await shelf.lendable()).toEqual([])
  expect(await shelf.holding(entry.id)).toBeNull()
  expect(await shelf.read(entry.id, 0)).toBeNull()
})

import { expect, test } from 'vitest'
import { smallFacts, smallFiles, smallPieceBytes } from '../../tests/fixtures/small-model.ts'
import { MemoryDocumentStore } from '../storage/memory-document-store.ts'
import { createMemoryModelStore, publishInMemory } from './memory-model-store.ts'
import { MemoryPieceStore } from './memory-piece-store.ts'
import { ModelUses } from './model-uses.ts'
import { modelPieces, sumBytes } from './pieces.ts'
import { createStoredModels } from './stored-models.ts'

async function setUp() {
  const models = await Promise.all(
    [1, 2, 3].map((seed) => publishInMemory(smallFiles(seed), smallFacts, smallPieceBytes)),
  )
  const pieces = new MemoryPieceStore()
  const store = createMemoryModelStore(models, pieces)
  const uses = new ModelUses(new MemoryDocumentStore())
  const entries = models.map(({ entry }) => entry)
  return { store, uses, entries, kept: createStoredModels({ pieces, store, uses }) }
}

test('says what a download takes, and what is left of it once some pieces are here', async () => {
  const { store, entries, kept } = await setUp()
  const [entry] = entries
  const totalBytes = sumBytes(modelPieces(entry!.manifest))
  expect(await kept.room(entry!)).toEqual({ missingBytes: totalBytes, freeBytes: null, isPersistent: false })
  await store.head(entry!, 1)
  expect((await kept.room(entry!)).missingBytes).toBe(totalBytes - smallPieceBytes)
  await store.fetch(entry!)
  expect((await kept.room(entry!)).missingBytes).toBe(0)
})

test('lists what is kept, the longest unused first and the never used before all', async () => {
  const { store, uses, entries, kept } = await setUp()
  for (const entry of entries) await store.head(entry, 1)
  await uses.note(entries[2]!)
  await new Promise((resolve) => setTimeout(resolve, 5))
  await uses.note(entries[0]!)
  const listed = await kept.list()
  expect(listed.map(({ id }) => id)).toEqual([1, 2, 0].map((at) => entries[at]!.id))
  expect(listed.map(({ name, bytes }) => [name, bytes])).toEqual([
    [null, smallPieceBytes],
    ['Small', smallPieceBytes],
    ['Small', smallPieceBytes],
  ])
})

test('removes a model, and forgets that it was used', async () => {
  const { store, uses, entries, kept } = await setUp()
  await store.fetch(entries[0]!)
  await uses.note(entries[0]!)
  await kept.remove(entries[0]!.id)
  expect(await kept.list()).toEqual([])
  expect(await uses.last(entries[0]!.id)).toBeNull()
})

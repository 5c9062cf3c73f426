import { test } from 'vitest'
import { MemoryPieceStore } from '../../src/models/memory-piece-store.ts'
import { createMemorySource, publishInMemory } from '../../src/models/memory-model-store.ts'
import { PieceModelStore } from '../../src/models/piece-model-store.ts'
import { smallFacts, smallFiles, smallPieceBytes } from '../fixtures/small-model.ts'
import { modelStoreCases } from './model-store.ts'

test.each(modelStoreCases)('$name', async ({ run }) => {
  const files = smallFiles()
  const model = await publishInMemory(files, smallFacts, smallPieceBytes)
  const deps = {
    pieces: new MemoryPieceStore(),
    fetchRange: createMemorySource([model]),
    loadCatalogue: async () => [model.entry],
  }
  await run({
    entry: model.entry,
    contents: files.map((file) => file.content),
    open: async () => new PieceModelStore(deps),
  })
})

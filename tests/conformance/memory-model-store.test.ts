import { test } from 'vitest'
import { createMemoryModelStore, publishInMemory } from '../../src/models/memory-model-store.ts'
import { MemoryPieceStore } from '../../src/models/memory-piece-store.ts'
import { smallFacts, smallFiles, smallPieceBytes } from '../fixtures/small-model.ts'
import { modelStoreCases } from './model-store.ts'

test.each(modelStoreCases)('$name', async ({ run }) => {
  const files = smallFiles()
  const model = await publishInMemory(files, smallFacts, smallPieceBytes)
  const pieces = new MemoryPieceStore()
  await run({
    entry: model.entry,
    contents: files.map((file) => file.content),
    open: async () => createMemoryModelStore([model], pieces),
  })
})

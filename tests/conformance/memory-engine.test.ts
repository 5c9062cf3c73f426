import { test } from 'vitest'
import { createMemoryEngine } from '../../src/engine/memory-engine.ts'
import { createMemoryModel } from '../../src/engine/memory-model.ts'
import { engineCases } from './engine.ts'

test.each(engineCases)('$name', ({ run }) =>
  run({ engine: createMemoryEngine(), model: createMemoryModel() }),
)

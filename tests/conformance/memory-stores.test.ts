import { describe, test } from 'vitest'
import { MemoryDocumentStore } from '../../src/storage/memory-document-store.ts'
import { MemoryVoucherStore } from '../../src/storage/memory-voucher-store.ts'
import { documentStoreCases } from './document-store.ts'
import { earningStoreCases } from './voucher-store.ts'

describe('vouchers in memory', () => {
  test.each(earningStoreCases)('$name', async ({ run }) => {
    const store = new MemoryVoucherStore()
    await run({ open: async () => store })
  })
})

describe('documents in memory', () => {
  test.each(documentStoreCases)('$name', async ({ run }) => {
    const store = new MemoryDocumentStore()
    await run({ open: async () => store })
  })
})

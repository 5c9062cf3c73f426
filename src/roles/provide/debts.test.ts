import { expect, test } from 'vitest'
import type { Hex } from '../../domain/bytes.ts'
import { StorageError } from '../../errors/index.ts'
import { MemoryDocumentStore } from '../../storage/memory-document-store.ts'
import { createDebts } from './debts.ts'

const [one, other] = ['0x01', '0x02'] as Hex[] as [Hex, Hex]

test('what tabs add at once adds up, channel by channel, and outlives them', async () => {
  const documents = new MemoryDocumentStore()
  const [debts, otherTab] = [createDebts(documents), createDebts(documents)]
  await Promise.all([
    debts.add(one, { chargedMicroUsd: 50n, paidMicroUsd: 30n }),
    otherTab.add(one, { chargedMicroUsd: 0n, paidMicroUsd: 20n }),
    debts.add(other, { chargedMicroUsd: 7n, paidMicroUsd: 0n }),
  ])
  const reloaded = createDebts(documents)
  expect(await reloaded.of(one)).toEqual({ chargedMicroUsd: 50n, paidMicroUsd: 50n })
  expect(await reloaded.of(other)).toEqual({ chargedMicroUsd: 7n, paidMicroUsd: 0n })
  expect(await reloaded.of('0x03')).toEqual({ chargedMicroUsd: 0n, paidMicroUsd: 0n })
})

test('a disk that fails once is told once', async () => {
  const documents = new MemoryDocumentStore()
  const debts = createDebts(documents)
  const change = documents.change.bind(documents)
  documents.change = () => Promise.reject(new StorageError('storage/quota', 'The disk is full.'))
  await expect(debts.add(one, { chargedMicroUsd: 5n, paidMicroUsd: 0n })).rejects.toThrow('full')
  documents.change = change
  await debts.add(one, { chargedMicroUsd: 6n, paidMicroUsd: 0n })
  expect(await debts.of(one)).toEqual({ chargedMicroUsd: 6n, paidMicroUsd: 0n })
})

import type { DocumentStore } from '../../src/ports/document-store.ts'
import { assert, assertEqual, type ConformanceCase } from './case.ts'

/** Tabs that share a store. */
export type DocumentStoreSubject = {
  /** Another tab's view of one store, empty when the case begins. */
  open(): Promise<DocumentStore>
}

/** What every `DocumentStore` keeps to. */
export const documentStoreCases: ConformanceCase<DocumentStoreSubject>[] = [
  {
    name: 'gives a document back to every tab, big integers and bytes included',
    async run({ open }) {
      const [writer, reader] = [await open(), await open()]
      await writer.put('receipts', 'a', { charge: 2n ** 90n, bytes: Uint8Array.of(1, 2), at: new Date(7) })
      const read = (await reader.get('receipts', 'a')) as { charge: bigint; bytes: Uint8Array; at: Date }
      assertEqual(read.charge, 2n ** 90n, 'a big integer')
      assert(read.bytes instanceof Uint8Array && read.bytes[1] === 2, 'bytes')
      assert(read.at instanceof Date && read.at.getTime() === 7, 'a date')
    },
  },
  {
    name: 'replaces, deletes and forgets',
    async run({ open }) {
      const store = await open()
      assertEqual(await store.get('settings', 'theme'), undefined, 'before it was put')
      await store.put('settings', 'theme', 'dark')
      await store.put('settings', 'theme', 'light')
      assertEqual(await store.get('settings', 'theme'), 'light', 'the newest')
      await store.delete('settings', 'theme')
      await store.delete('settings', 'theme')
      assertEqual(await store.get('settings', 'theme'), undefined, 'after it was deleted')
    },
  },
  {
    name: 'keeps collections apart and lists keys in ascending order',
    async run({ open }) {
      const store = await open()
      for (const key of ['b', 'a', 'é', '', 'B']) await store.put('notes', key, key)
      await store.put('notes ', 'z', 1)
      await store.put('note', 's z', 1)
      assertEqual(await store.keys('notes'), ['', 'B', 'a', 'b', 'é'], 'keys')
      assertEqual(await store.keys('nothing'), [], 'keys of an empty collection')
      await store.delete('note', 's z')
      assertEqual(await store.get('notes ', 'z'), 1, 'a collection of a similar name')
    },
  },
  {
    name: 'hands out copies',
    async run({ open }) {
      const store = await open()
      const document = { lines: ['one'] }
      await store.put('notes', 'a', document)
      document.lines.push('two')
      const read = (await store.get('notes', 'a')) as typeof document
      read.lines.push('three')
      assertEqual(await store.get('notes', 'a'), { lines: ['one'] }, 'the document')
    },
  },
]

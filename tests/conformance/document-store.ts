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
    name: 'adds a document once, whichever tabs try at once',
    async run({ open }) {
      const [one, other] = [await open(), await open()]
      const added = await Promise.all([one.add('jobs', 'a', 1), other.add('jobs', 'a', 2)])
      assertEqual(added.filter(Boolean).length, 1, 'tabs that added it')
      assertEqual(await other.get('jobs', 'a'), added[0] ? 1 : 2, 'the document')
      await one.put('jobs', 'a', 3)
      assertEqual(await other.add('jobs', 'a', 4), false, 'a second time')
      assertEqual(await other.get('jobs', 'a'), 3, 'the document that was put')
    },
  },
  {
    name: 'changes a document in one step, whichever tabs do at once',
    async run({ open }) {
      const [one, other] = [await open(), await open()]
      const count = (kept: unknown) => ((kept as bigint | undefined) ?? 0n) + 1n
      const tabs = [one, other, one, other, one]
      await Promise.all(tabs.map((tab) => tab.change('sums', 'a', count)))
      assertEqual(await other.get('sums', 'a'), 5n, 'the sum')
      await one.change('sums', 'a', () => undefined)
      await one.change('sums', 'b', () => undefined)
      assertEqual(await other.keys('sums'), [], 'what is left when it is changed to nothing')
    },
  },
  {
    name: 'what a change throws changes nothing',
    async run({ open }) {
      const store = await open()
      await store.put('sums', 'a', 1)
      const changed = store.change('sums', 'a', () => {
        throw new Error('No.')
      })
      assert(
        await changed.then(
          () => false,
          () => true,
        ),
        'the change went through',
      )
      assertEqual(await store.get('sums', 'a'), 1, 'the document')
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

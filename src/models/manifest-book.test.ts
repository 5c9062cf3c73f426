import { expect, test } from 'vitest'
import { smallFacts, smallFiles } from '../../tests/fixtures/small-model.ts'
import { StorageError } from '../errors/index.ts'
import { MemoryDocumentStore } from '../storage/memory-document-store.ts'
import { makeManifest } from './make-manifest.ts'
import { ManifestBook, type ManifestBookDeps } from './manifest-book.ts'

const { id, manifest } = await makeManifest(smallFiles(), smallFacts)
const other = { ...manifest, contextTokens: 65 }
const away = async () => Promise.reject(new StorageError('storage/source-failed', 'Nothing is there.'))

function open(deps: Partial<ManifestBookDeps> = {}) {
  const documents = new MemoryDocumentStore()
  return { documents, book: new ManifestBook({ documents, fetchFrom: away, ...deps }) }
}

const tabs = (...values: unknown[]) => ({
  async *ask() {
    yield* values
  },
})

test('a manifest comes from the first folder that has it, and is kept', async () => {
  const asked: string[] = []
  const fetchFrom = async (folder: string) => {
    asked.push(folder)
    return folder === 'b/' ? manifest : away()
  }
  const { book } = open({ fetchFrom })
  expect(await book.kept(id)).toBeNull()
  expect(await book.bring(id, ['a/', 'b/', 'c/'])).toEqual(manifest)
  expect(await book.kept(id)).toEqual(manifest)
  expect(await book.bring(id, ['a/'])).toEqual(manifest)
  expect(asked).toEqual(['a/', 'b/'])
})

test('a folder and a tab that give another manifest are passed by', async () => {
  const { book } = open({ fetchFrom: async () => other, peers: tabs(other, 'nonsense', manifest) })
  expect(await book.bring(id, ['a/'])).toEqual(manifest)
})

test('what nobody has, or everybody has wrong, is refused and not kept', async () => {
  const lied = open({ fetchFrom: async () => other })
  await expect(lied.book.bring(id, ['a/'])).rejects.toMatchObject({ code: 'storage/hash-mismatch' })
  expect(await lied.documents.keys('manifests')).toEqual([])
  await expect(open().book.bring(id, [])).rejects.toMatchObject({ code: 'storage/source-failed' })
})

test('a kept manifest that changed on the disk does not count', async () => {
  const { book, documents } = open()
  await documents.put('manifests', id, other)
  expect(await book.kept(id)).toBeNull()
})

test('files are described and their manifest kept', async () => {
  const { book } = open()
  let bytes = 0
  const onBytes = (more: number) => void (bytes += more)
  expect(await book.describe(smallFiles(), smallFacts, { onBytes })).toEqual({ id, manifest })
  expect(bytes).toBe(smallFiles().reduce((sum, { blob }) => sum + blob.size, 0))
  expect(await book.kept(id)).toEqual(manifest)
  const signal = AbortSignal.abort()
  await expect(book.describe(smallFiles(), smallFacts, { signal })).rejects.toThrow()
})

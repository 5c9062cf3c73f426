import { expect, test } from 'vitest'
import { smallFacts, smallFiles } from '../../tests/fixtures/small-model.ts'
import { systemClock as clock } from '../device/system-clock.ts'
import type { ModelId } from '../domain/model.ts'
import { StorageError } from '../errors/index.ts'
import type { Clock } from '../ports/clock.ts'
import { MemoryDocumentStore } from '../storage/memory-document-store.ts'
import { makeManifest } from './make-manifest.ts'
import { ManifestBook, type ManifestBookDeps } from './manifest-book.ts'
import { computeModelId } from './model-id.ts'

const { id, manifest } = await makeManifest(smallFiles(), smallFacts)
const other = { ...manifest, contextTokens: 65 }
const away = async () => Promise.reject(new StorageError('storage/source-failed', 'Nothing is there.'))

function open(deps: Partial<ManifestBookDeps> = {}) {
  const documents = new MemoryDocumentStore()
  return { documents, book: new ManifestBook({ documents, clock, fetchFrom: away, ...deps }) }
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

test('a manifest is read and checked once', async () => {
  const { book, documents } = open({ fetchFrom: async () => manifest })
  const kept = await book.bring(id, ['a/'])
  documents.get = () => Promise.reject(new Error('read again'))
  expect(await book.kept(id)).toBe(kept)
})

/** Waits a hundredth of what it is asked to. */
const hasty: Clock = {
  nowMs: () => clock.nowMs(),
  sleep: (ms, signal) => clock.sleep(ms / 100, signal),
}

test('a folder that keeps silent holds up neither the next one nor the tabs', async () => {
  const silent = () => new Promise<never>(() => {})
  const folders = Array.from({ length: 8 }, (_, index) => `${index}/`)
  const slow = open({ clock: hasty, fetchFrom: silent, peers: tabs(manifest) })
  expect(await slow.book.bring(id, folders)).toEqual(manifest)
  const dead = open({
    clock: hasty,
    fetchFrom: silent,
    peers: { ask: () => ({ [Symbol.asyncIterator]: () => ({ next: silent }) }) },
  })
  await expect(dead.book.bring(id, folders)).rejects.toMatchObject({ code: 'storage/source-failed' })
})

/** Fills the disk with what somebody listed before: small ones, or ones of a mebibyte. */
async function fill(
  { documents }: Pick<ReturnType<typeof open>, 'documents'>,
  count: number,
  mebibytes = 0,
): Promise<ModelId[]> {
  const ids = Array.from({ length: count }, (_, index): ModelId => `0x${String(index).padStart(64, '0')}`)
  for (const one of ids) await documents.put('manifests', one, { padding: 'x'.repeat(mebibytes * 1024 ** 2) })
  return ids
}

test('the 257th manifest is kept in the place of one that nobody needs; what is held takes no place', async () => {
  const opened = open({ fetchFrom: async () => manifest })
  const ids = await fill(opened, 266)
  const [unneeded, held, listed] = [ids[100], ids.slice(0, 10), ids.slice(10).filter((_, at) => at !== 90)]
  opened.book.retain({ held: new Set(held), listed: new Set([id, ...listed]) })
  await opened.book.bring(id, ['a/'])
  const kept = await opened.documents.keys('manifests')
  expect(kept).toEqual([...ids.filter((one) => one !== unneeded), id].sort())
})

test('long manifests make room for a short one, however new they are', async () => {
  const opened = open({ fetchFrom: async () => manifest })
  const long = await fill(opened, 32, 1)
  opened.book.retain({ held: new Set(), listed: new Set([id, ...long]) })
  await opened.book.bring(id, ['a/'])
  const kept = await opened.documents.keys('manifests')
  expect(kept).toContain(id)
  expect(kept).toHaveLength(32)
})

test('what does not matter as much as the rest is not kept, and displaces nothing', async () => {
  const opened = open({ fetchFrom: async () => manifest })
  const others = await fill(opened, 256)
  opened.book.retain({ held: new Set(), listed: new Set(others) })
  await expect(opened.book.bring(id, ['a/'])).rejects.toMatchObject({ code: 'storage/quota' })
  expect(await opened.documents.keys('manifests')).toEqual(others)
})

test('what was described here stays, whatever else is listed', async () => {
  const { book, documents } = open({ fetchFrom: async () => other })
  await book.describe(smallFiles(), smallFacts)
  const otherId = await computeModelId(other)
  await fill({ documents }, 256)
  book.retain({ held: new Set(), listed: new Set([otherId]) })
  await book.bring(otherId, ['a/'])
  const again = new ManifestBook({ documents, clock })
  expect(await again.kept(id)).toEqual(manifest)
  expect(await again.kept(otherId)).toEqual(other)
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

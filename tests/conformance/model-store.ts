import type { CatalogueEntry } from '../../src/domain/model.ts'
import type { ModelPart } from '../../src/ports/engine.ts'
import type { FetchProgress, ModelStore } from '../../src/ports/model-store.ts'
import { assert, assertEqual, assertRejects, type ConformanceCase } from './case.ts'

/** Tabs that share a disk, and a model to fetch. */
export type ModelStoreSubject = {
  /** Another tab's view of one disk, empty when the case begins; it lists the entry. */
  open(): Promise<ModelStore>
  /** A model of at least two files, the first of which has at least four pieces. */
  entry: CatalogueEntry
  /** What its files hold. */
  contents: Uint8Array[]
}

const totalOf = (entry: CatalogueEntry) => entry.manifest.files.reduce((sum, file) => sum + file.bytes, 0)

async function assertContent(blob: Blob | undefined, content: Uint8Array | undefined, message: string) {
  const actual = new Uint8Array((await blob?.arrayBuffer()) ?? [])
  assertEqual(actual.byteLength, content?.byteLength, `length of ${message}`)
  assert(
    actual.every((byte, index) => byte === content?.[index]),
    `${message} has a wrong byte`,
  )
}

async function assertFetches(store: ModelStore, { entry, contents }: ModelStoreSubject): Promise<void> {
  const model = await store.fetch(entry)
  assertEqual(model.id, entry.id, 'the id')
  assertEqual(model.files.length, contents.length, 'number of files')
  for (const [index, file] of model.files.entries()) {
    await assertContent(file, contents[index], `file ${index}`)
  }
}

/** The entry as a liar would publish it: the third piece of the first file should be something else. */
function withWrongPiece(entry: CatalogueEntry): CatalogueEntry {
  const lie = structuredClone(entry)
  const [file] = lie.manifest.files
  if (file) file.pieces[2] = `0x${'ab'.repeat(32)}`
  return { ...lie, id: `0x${'cd'.repeat(32)}` }
}

/** What every `ModelStore` keeps to. */
export const modelStoreCases: ConformanceCase<ModelStoreSubject>[] = [
  {
    name: 'lists the models and knows that none is here yet',
    async run({ open, entry }) {
      const store = await open()
      assertEqual(await store.catalogue(), [entry], 'the catalogue')
      const absent = { state: 'absent', bytes: 0, totalBytes: totalOf(entry) }
      assertEqual(await store.status(entry.id), absent, 'the status')
      const unknown = { state: 'absent', bytes: 0, totalBytes: 0 }
      assertEqual(await store.status(`0x${'00'.repeat(32)}`), unknown, 'the status of an unknown model')
    },
  },
  {
    name: 'tells of each part once it is kept and right, of those that were kept before too',
    async run({ open, entry, contents }) {
      const store = await open()
      for (const round of ['fetched', 'kept']) {
        const rest = contents.map((content) => content.byteLength)
        const parts: ModelPart[] = []
        await store.fetch(entry, { onVerified: (part) => parts.push(part) })
        for (const { file, start, content } of parts) {
          rest[file]! -= content.size
          await assertContent(
            content,
            contents[file]?.subarray(start, start + content.size),
            `a part ${round}`,
          )
        }
        assert(
          rest.every((bytes) => bytes === 0),
          `parts that were ${round} do not make up the files`,
        )
      }
    },
  },
  {
    name: 'keeps files that are at hand as if they had been fetched, and refuses others',
    async run(subject) {
      const { open, entry, contents } = subject
      const store = await open()
      const files = contents.map((content) => new Blob([Uint8Array.from(content)]))
      const wrong = [new Blob([Uint8Array.from(contents[0]!).fill(9, 5, 6)]), ...files.slice(1)]
      await assertRejects(store.add(entry, wrong), 'storage/hash-mismatch')
      await assertRejects(store.add(entry, files.toReversed()), 'storage/hash-mismatch')
      const seen: number[] = []
      await store.add(entry, files, { onProgress: ({ bytes }) => seen.push(bytes) })
      assertEqual(seen.at(-1), totalOf(entry), 'all bytes were told')
      assertEqual((await store.status(entry.id)).state, 'ready', 'the status')
      const fetched: string[] = []
      const next = await open()
      await next.fetch(entry, { onProgress: ({ stage }) => fetched.push(stage) })
      assert(!fetched.includes('download'), 'nothing is downloaded')
      await assertFetches(next, subject)
    },
  },
  {
    name: 'brings every byte, and has it in the next tab too',
    async run(subject) {
      await assertFetches(await subject.open(), subject)
      const next = await subject.open()
      const totalBytes = totalOf(subject.entry)
      assertEqual(
        await next.status(subject.entry.id),
        { state: 'ready', bytes: totalBytes, totalBytes },
        'the status',
      )
      await assertFetches(next, { ...subject, entry: { ...subject.entry, sources: [] } })
    },
  },
  {
    name: 'opens what is kept by its beginning, and brings the rest when it is asked for',
    async run({ open, entry, contents }) {
      await (await open()).fetch(entry)
      const told: FetchProgress[] = []
      const opened = await (
        await open()
      ).open({ ...entry, sources: [] }, { onProgress: (progress) => void told.push(progress) })
      await assertContent(opened.files[0], contents[0], 'the beginning')
      assertEqual(told.length, 0, 'how often progress was told before the rest was asked for')
      const files = (await opened.whole?.()) ?? []
      assertEqual(files.length, contents.length, 'number of files')
      for (const [index, file] of files.entries()) await assertContent(file, contents[index], `file ${index}`)
      assert(told.length > 0, 'no progress was told of the rest')
    },
  },
  {
    name: 'reports progress that ends at the whole',
    async run({ open, entry }) {
      const store = await open()
      const told: FetchProgress[] = []
      const onProgress = (progress: FetchProgress) => void told.push(progress)
      await store.fetch(entry, { onProgress })
      const totalBytes = totalOf(entry)
      const { from, ...end } = told.at(-1)!
      assertEqual(end, { stage: 'download', bytes: totalBytes, totalBytes }, 'the end of the download')
      assert(from !== null, 'says where the bytes came from')
      await store.fetch(entry, { onProgress })
      const checked = { stage: 'verify', bytes: totalBytes, totalBytes, from: null }
      assertEqual(told.at(-1), checked, 'the end of the check')
      assert(
        told.every(({ bytes }) => bytes >= 0 && bytes <= totalBytes),
        'progress is within bounds',
      )
    },
  },
  {
    name: 'brings the first bytes alone, whole pieces of them',
    async run({ open, entry, contents }) {
      const [content] = contents
      const store = await open()
      const { pieceBytes = 0, bytes: fileBytes = 0 } = entry.manifest.files[0] ?? {}
      await assertContent(await store.head(entry, 10), content?.subarray(0, 10), 'a short head')
      assertEqual((await store.status(entry.id)).bytes, pieceBytes, 'bytes kept')
      assertEqual((await store.status(entry.id)).state, 'partial', 'the state')
      await assertContent(
        await store.head(entry, pieceBytes + 1),
        content?.subarray(0, pieceBytes + 1),
        'a head of two pieces',
      )
      const more = contents[1]?.subarray(0, 5) ?? []
      const [head, wanted] = [await store.head(entry, fileBytes + 5), [...(content ?? []), ...more]]
      await assertContent(head, Uint8Array.from(wanted), 'a head longer than the file')
      assertEqual((await store.head(entry, 0)).size, 0, 'an empty head')
    },
  },
  {
    name: 'serves two tabs that want the same model at once',
    async run(subject) {
      const tabs = [await subject.open(), await subject.open()]
      await Promise.all(tabs.map((store) => assertFetches(store, subject)))
    },
  },
  {
    name: 'stops when told, and starts again',
    async run(subject) {
      const store = await subject.open()
      await assertRejects(store.fetch(subject.entry, { signal: AbortSignal.abort() }), 'storage/cancelled')
      await assertRejects(store.head(subject.entry, 1, AbortSignal.abort()), 'storage/cancelled')
      const controller = new AbortController()
      const stopped = store.fetch(subject.entry, {
        signal: controller.signal,
        onProgress: ({ bytes }) => bytes > 0 && controller.abort(),
      })
      await assertRejects(stopped, 'storage/cancelled')
      await assertFetches(store, subject)
    },
  },
  {
    name: 'does not wait for ever behind another tab when told to stop',
    async run({ open, entry }) {
      const [first, second] = [await open(), await open()]
      const holding = new AbortController()
      const stopping = new AbortController()
      let waited: Promise<void> | undefined
      const held = first.fetch(entry, {
        signal: holding.signal,
        onProgress() {
          if (waited) return
          waited = assertRejects(second.fetch(entry, { signal: stopping.signal }), 'storage/cancelled')
          stopping.abort()
        },
      })
      await held
      await waited
    },
  },
  {
    name: 'forgets a model, and brings it again',
    async run(subject) {
      const store = await subject.open()
      await store.remove(subject.entry.id)
      await assertFetches(store, subject)
      await store.remove(subject.entry.id)
      assertEqual((await store.status(subject.entry.id)).state, 'absent', 'the state')
      await assertFetches(store, subject)
    },
  },
  {
    name: 'refuses a wrong piece, names file and piece, and keeps the right ones',
    async run({ open, entry }) {
      const store = await open()
      const lie = withWrongPiece(entry)
      await assertRejects(store.fetch(lie), 'storage/hash-mismatch')
      const error = await store.fetch(lie).catch((error: unknown) => error)
      const message = error instanceof Error ? error.message : ''
      const { path = '?', pieceBytes = 0 } = lie.manifest.files[0] ?? {}
      assert(message.includes(path) && message.includes('iece 2'), `names file and piece: ${message}`)
      assert(message.includes(lie.sources[0] ?? '?'), `names the source: ${message}`)
      assertEqual((await store.status(lie.id)).bytes, 2 * pieceBytes, 'bytes kept')
    },
  },
  {
    name: 'says so when no source has the model',
    async run({ open, entry }) {
      const store = await open()
      await assertRejects(store.fetch({ ...entry, sources: [] }), 'storage/source-failed')
      const elsewhere = entry.sources.map((source) => new URL('elsewhere/', source).href)
      await assertRejects(store.fetch({ ...entry, sources: elsewhere }), 'storage/source-failed')
      await assertRejects(store.head({ ...entry, sources: elsewhere }, 1), 'storage/source-failed')
    },
  },
]

import { expect, test, vi } from 'vitest'
import { smallFacts, smallFiles, smallPieceBytes } from '../../tests/fixtures/small-model.ts'
import { StorageError } from '../errors/index.ts'
import { publishInMemory } from './memory-model-store.ts'
import { MemoryPieceStore } from './memory-piece-store.ts'
import { PieceModelStore } from './piece-model-store.ts'
import { modelPieces } from './pieces.ts'

/** Tabs that share a disk, and a server of their own making. */
async function setUp() {
  const { entry, files } = await publishInMemory(smallFiles(), smallFacts, smallPieceBytes)
  const pieces = new MemoryPieceStore()
  const blobs = files.map(({ blob }) => blob)
  const asked: string[] = []
  let gate: Promise<void> = Promise.resolve()
  const open = () =>
    new PieceModelStore({
      pieces,
      async *fetchRange(address, { start, end }) {
        asked.push(`${start}-${end}`)
        const blob = files.find(({ path }) => address.endsWith(path))!.blob
        const content = new Uint8Array(await blob.slice(start, end).arrayBuffer())
        yield content.subarray(0, 2 * smallPieceBytes)
        await gate
        yield content.subarray(2 * smallPieceBytes)
      },
      loadCatalogue: async () => [entry],
    })
  return {
    entry,
    blobs,
    pieces,
    asked,
    open,
    reserve: vi.spyOn(pieces, 'reserve'),
    write: vi.spyOn(pieces, 'write'),
    /** From now on the server stops in the middle of a file until it is told to go on. */
    holdServer() {
      const held = Promise.withResolvers<void>()
      gate = held.promise
      return held.resolve
    },
  }
}

test('two tabs that want the first bytes at once download them once', async () => {
  const { entry, open, asked, reserve } = await setUp()
  const heads = await Promise.all([open().head(entry, 10), open().head(entry, smallPieceBytes)])
  expect(heads.map(({ size }) => size)).toEqual([10, smallPieceBytes])
  expect(asked).toEqual([`0-${smallPieceBytes}`])
  expect(reserve.mock.calls).toEqual([[smallPieceBytes]])
})

test('has the first bytes as soon as another tab has brought them, long before that one is done', async () => {
  const { entry, open, asked, holdServer } = await setUp()
  const goOn = holdServer()
  let isWhole = false
  const whole = open()
    .fetch(entry)
    .then(() => (isWhole = true))
  await vi.waitFor(() => expect(asked).toHaveLength(1))
  const head = await open().head(entry, smallPieceBytes + 1)
  expect([head.size, isWhole, asked.length]).toEqual([smallPieceBytes + 1, false, 1])
  goOn()
  await whole
  expect(asked).toHaveLength(2)
})

test('stops waiting for the first bytes when told, and the next tab gets them', async () => {
  const { entry, open, asked, holdServer } = await setUp()
  const goOn = holdServer()
  const whole = open().fetch(entry)
  await vi.waitFor(() => expect(asked).toHaveLength(1))
  const stop = new AbortController()
  const stopped = open().head(entry, 4 * smallPieceBytes, stop.signal)
  stop.abort()
  await expect(stopped).rejects.toMatchObject({ code: 'storage/cancelled' })
  goOn()
  await whole
  expect((await open().head(entry, 4 * smallPieceBytes)).size).toBe(4 * smallPieceBytes)
})

test('says so before it downloads the first bytes that there is no room', async () => {
  const { entry, open, asked, reserve } = await setUp()
  reserve.mockRejectedValue(new StorageError('storage/quota', 'No room.'))
  await expect(open().head(entry, 1)).rejects.toMatchObject({ code: 'storage/quota' })
  expect(asked).toEqual([])
})

test('what is published again needs no room and is not written again', async () => {
  const { entry, blobs, open, reserve, write } = await setUp()
  const all = modelPieces(entry.manifest)
  await open().add(entry, blobs)
  expect(reserve.mock.calls).toEqual([[4 * smallPieceBytes + 100 + smallPieceBytes]])
  expect(write).toHaveBeenCalledTimes(all.length)
  reserve.mockRejectedValue(new StorageError('storage/quota', 'No room.'))
  const told: number[] = []
  await open().add(entry, blobs, { onProgress: ({ bytes }) => told.push(bytes) })
  expect(write).toHaveBeenCalledTimes(all.length)
  expect(told.at(-1)).toBe(5 * smallPieceBytes + 100)
})

test('publishing again mends what the disk has spoiled, and tells of that alone', async () => {
  const { entry, blobs, pieces, open, reserve, write } = await setUp()
  await open().add(entry, blobs)
  const spoiled = modelPieces(entry.manifest)[3]!
  await pieces.write(entry.id, spoiled.sha256, new Uint8Array(spoiled.bytes))
  reserve.mockClear()
  write.mockClear()
  const store = open()
  const gained: number[] = []
  store.shelf.watchGains((_model, piece) => gained.push(piece))
  await store.add(entry, blobs)
  expect(reserve.mock.calls).toEqual([[spoiled.bytes]])
  expect(write.mock.calls.map(([, sha256]) => sha256)).toEqual([spoiled.sha256])
  expect(gained).toEqual([3])
  expect(await store.shelf.read(entry.id, 3)).not.toBeNull()
})

test('other files are refused although the right ones are kept', async () => {
  const { entry, blobs, open } = await setUp()
  await open().add(entry, blobs)
  const wrong = [new Blob([new Uint8Array(blobs[0]!.size)]), ...blobs.slice(1)]
  await expect(open().add(entry, wrong)).rejects.toMatchObject({ code: 'storage/hash-mismatch' })
})

test('a model that is opened is checked as far as it is read, and its wrong pieces are fetched again', async () => {
  const pieceBytes = 4 << 20
  const content = new Uint8Array(5 * pieceBytes + 7).map((_, index) => 1 + (index >> 22))
  const { entry } = await publishInMemory(
    [{ path: 'a.gguf', blob: new Blob([content]) }],
    smallFacts,
    pieceBytes,
  )
  const pieces = new MemoryPieceStore()
  const asked: number[] = []
  const open = () =>
    new PieceModelStore({
      pieces,
      async *fetchRange(_address, { start, end }) {
        asked.push(start)
        yield content.slice(start, end)
      },
      loadCatalogue: async () => [entry],
    })
  await open().fetch(entry)
  const [first, , , , , last] = modelPieces(entry.manifest)
  for (const { sha256, bytes } of [first!, last!]) await pieces.write(entry.id, sha256, new Uint8Array(bytes))
  asked.length = 0
  const { files, whole } = await open().open(entry)
  expect(files.map(({ size }) => size)).toEqual([4 * pieceBytes])
  expect(asked).toEqual([0])
  expect(Buffer.compare(content.subarray(0, 4 * pieceBytes), await bytesOf(files[0]!))).toBe(0)
  const [file] = await whole!()
  expect(asked).toEqual([0, 5 * pieceBytes])
  expect(Buffer.compare(content, await bytesOf(file!))).toBe(0)
})

const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer())

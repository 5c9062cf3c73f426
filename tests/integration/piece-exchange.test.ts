import { expect, test } from 'vitest'
import { ManualClock } from '../../src/device/manual-clock.ts'
import type { ModelId } from '../../src/domain/model.ts'
import type { BytesFrom, Clock, PieceShelf } from '../../src/ports/index.ts'
import { lyingShelf } from '../fixtures/lying-shelf.ts'
import { numbers, openPieceNetwork, publishForTabs } from '../fixtures/piece-tabs.ts'

const fast = 1e9

async function setUp(pieceCount: number, clock?: Clock) {
  const model = await publishForTabs(pieceCount)
  const { join, network } = openPieceNetwork(model, clock)
  type Tab = Awaited<ReturnType<typeof join>>
  return {
    ...model,
    network,
    join,
    /** A tab that lends these pieces. */
    async lend(pieces: number[], lends?: (shelf: PieceShelf) => PieceShelf, bytesPerSecond = fast) {
      const tab = await join(lends ? { lends } : {})
      await tab.keep(pieces)
      tab.lender.start(bytesPerSecond)
      return tab
    },
    async expectWhole(tab: Tab) {
      const { files } = await tab.store.fetch(model.entry)
      expect(new Uint8Array(await files[0]!.arrayBuffer())).toEqual(model.content)
    },
  }
}

const flip = (shelf: PieceShelf) => lyingShelf(shelf)
const truncate = (shelf: PieceShelf) => lyingShelf(shelf, (content) => content.slice(0, -1))
const addByte = (shelf: PieceShelf) => lyingShelf(shelf, (content) => new Uint8Array([...content, 0]))

/** Returns a shelf with a piece that the disk has forgotten; `onAsked` hears each time that it is asked for. */
const forgetful =
  (forgotten: number, onAsked: () => void) =>
  (shelf: PieceShelf): PieceShelf => ({
    lendable: () => shelf.lendable(),
    holding: (model) => shelf.holding(model),
    watchGains: (onGained) => shelf.watchGains(onGained),
    async read(model, piece) {
      if (piece !== forgotten) return shelf.read(model, piece)
      onAsked()
      return null
    },
  })

test('brings a model from one tab, says so, and lends it on', async () => {
  const { entry, join, lend, expectWhole } = await setUp(12)
  const first = await lend(numbers(0, 12))
  const second = await join()
  const told: (BytesFrom | null)[] = []
  const { files } = await second.store.fetch(entry, { onProgress: ({ from }) => told.push(from) })
  expect(files[0]?.size).toBe(entry.manifest.files[0]?.bytes)
  expect(told).toContainEqual({ kind: 'tabs', tabs: 1 })
  second.lender.start(fast)
  first.lender.stop()
  await expectWhole(await join())
  expect(second.lender.status().sentBytes).toBe(entry.manifest.files[0]?.bytes)
})

test('puts a model together from tabs that hold parts of it, from several at once', async () => {
  const { entry, lend, join, expectWhole } = await setUp(24)
  const lenders = await Promise.all([
    lend(numbers(0, 10)),
    lend(numbers(6, 18)),
    lend([...numbers(0, 3), ...numbers(16, 24)]),
  ])
  await expectWhole(await join())
  const sent = lenders.map(({ lender }) => lender.status().sentBytes)
  expect(sent.every((bytes) => bytes > 0)).toBe(true)
  expect(sent.reduce((sum, bytes) => sum + bytes)).toBe(entry.manifest.files[0]?.bytes)
})

test('two tabs that begin together pass on to each other what they have just got', async () => {
  const clock = new ManualClock()
  const { entry, lend, join, expectWhole } = await setUp(40, clock)
  const seed = await lend(numbers(0, 40), undefined, 100_000)
  const [a, b] = [await join(), await join()]
  for (const { lender } of [a, b]) lender.start(fast)
  let isOver = false
  const both = Promise.all([expectWhole(a), expectWhole(b)]).finally(() => (isOver = true))
  while (!isOver) await clock.advance(20)
  await both
  const passedOn = a.lender.status().sentBytes + b.lender.status().sentBytes
  expect(passedOn).toBeGreaterThan(0)
  expect(seed.lender.status().sentBytes).toBeLessThan(1.8 * entry.manifest.files[0]!.bytes)
})

test.each([
  { name: 'flips a bit', lies: flip },
  { name: 'leaves a byte out', lies: truncate },
  { name: 'adds a byte', lies: addByte },
])('a tab that $name is refused by name and left alone; what was right is kept', async ({ lies }) => {
  const { entry, lend, join } = await setUp(6)
  const liar = await lend(numbers(0, 6), lies)
  await lend(numbers(0, 4))
  const reader = await join()
  const refusal = { code: 'storage/hash-mismatch', details: `from tab ${liar.peerId}`, fault: 'peer' }
  await expect(reader.store.fetch(entry)).rejects.toMatchObject(refusal)
  const before = liar.lender.status().sentBytes
  await expect(reader.store.fetch(entry)).rejects.toMatchObject(refusal)
  expect(liar.lender.status().sentBytes).toBe(before)
  expect((await reader.store.status(entry.id)).bytes).toBe(4 * entry.manifest.files[0]!.pieceBytes)
})

test('goes on with the others when one lies and one leaves', async () => {
  const { lend, join, entry } = await setUp(60)
  await lend(numbers(0, 60), flip)
  const leaver = await lend(numbers(0, 60))
  await lend(numbers(0, 60))
  const reader = await join()
  let hasLeft = false
  const { files } = await reader.store.fetch(entry, {
    onProgress({ bytes, totalBytes }) {
      if (hasLeft || bytes < totalBytes / 3) return
      hasLeft = true
      void leaver.leave()
    },
  })
  expect(hasLeft).toBe(true)
  expect(files[0]?.size).toBe(entry.manifest.files[0]?.bytes)
})

test('waits for a tab that comes back with the rest', async () => {
  const { lend, join, expectWhole } = await setUp(10)
  await lend(numbers(0, 5))
  const reader = await join()
  const whole = expectWhole(reader)
  setTimeout(() => void lend(numbers(5, 10)), 300)
  await whole
})

test('has another tab bring a piece that the first one has and cannot read', async () => {
  const { lend, join, expectWhole } = await setUp(10)
  const asked: number[] = []
  const forgets = await lend(
    numbers(0, 10),
    forgetful(4, () => {
      asked.push(4)
      void lend([4])
    }),
  )
  await expectWhole(await join())
  expect(asked).toEqual([4])
  expect(forgets.lender.status().sentBytes).toBe(8.5 * 64 * 1024)
})

test('a tab that cannot read one piece still brings all others, and the download says what is missing', async () => {
  const { entry, lend, join } = await setUp(10)
  await lend(
    numbers(0, 10),
    forgetful(4, () => {}),
  )
  const reader = await join()
  await expect(reader.store.fetch(entry)).rejects.toMatchObject({ code: 'storage/source-failed' })
  expect((await reader.store.status(entry.id)).bytes).toBe(8.5 * 64 * 1024)
})

test('hears of a piece that the lender gains while the line is opened', async () => {
  const { entry, join, expectWhole } = await setUp(6)
  const told = new Set<(model: ModelId, piece: number) => void>()
  let opened = 0
  const gains = (shelf: PieceShelf): PieceShelf => ({
    lendable: () => shelf.lendable(),
    read: (model, piece) => shelf.read(model, piece),
    async holding(model) {
      opened += 1
      const before = await shelf.holding(model)
      await late.keep([5])
      for (const tell of told) tell(model, 5)
      return before
    },
    watchGains(onGained) {
      told.add(onGained)
      return () => told.delete(onGained)
    },
  })
  const late = await join({ lends: gains })
  await late.keep(numbers(0, 5))
  late.lender.start(fast)
  await expectWhole(await join())
  expect(opened).toBe(1)
  expect(late.lender.status().sentBytes).toBe(entry.manifest.files[0]?.bytes)
})

test('asks tabs last, for what no server has', async () => {
  const { entry, content, lend, join } = await setUp(10)
  const lender = await lend(numbers(0, 10))
  const serverBytes = 6 * entry.manifest.files[0]!.pieceBytes
  const reader = await join({
    async *fetchRange(_address, { start, end }) {
      yield content.subarray(start, Math.min(end, serverBytes))
    },
  })
  const listed = { ...entry, sources: ['https://server.example/'] }
  const told: (BytesFrom | null)[] = []
  await reader.store.fetch(listed, { onProgress: ({ from }) => told.push(from) })
  const kinds = told.flatMap((from) => from?.kind ?? []).filter((kind, at, all) => kind !== all[at - 1])
  expect(kinds).toEqual(['mirror', 'tabs'])
  expect(lender.lender.status().sentBytes).toBe(entry.manifest.files[0]!.bytes - serverBytes)
})

test('says so when no tab has the model, and when there is none at all', async () => {
  const { entry, join } = await setUp(3)
  const alone = await join()
  await expect(alone.store.fetch(entry)).rejects.toMatchObject({ code: 'storage/source-failed' })
})

test('a cancelled download ends at once and keeps what it has', async () => {
  const { entry, lend, join } = await setUp(30)
  await lend(numbers(0, 30))
  const reader = await join()
  const stop = new AbortController()
  const stopped = reader.store.fetch(entry, {
    signal: stop.signal,
    onProgress: ({ bytes }) => bytes > 5 * 64 * 1024 && stop.abort(),
  })
  await expect(stopped).rejects.toMatchObject({ code: 'storage/cancelled' })
  expect((await reader.store.status(entry.id)).bytes).toBeGreaterThan(0)
})

test('no piece goes out while an answer is under way, and all of them after', async () => {
  const { entry, lend, join, expectWhole } = await setUp(8)
  const lender = await lend(numbers(0, 8))
  const over = lender.answers.enter()
  const reader = await join()
  const whole = expectWhole(reader)
  await expect.poll(() => lender.lender.status()).toMatchObject({ tabs: 1, isPaused: true })
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(lender.lender.status().sentBytes).toBe(0)
  over()
  await whole
  expect(lender.lender.status().sentBytes).toBe(entry.manifest.files[0]?.bytes)
})

test('a tab that takes an answer lets pieces come no further than their credit', async () => {
  const { entry, lend, join, expectWhole } = await setUp(40)
  const lender = await lend(numbers(0, 40))
  const reader = await join()
  const over = reader.answers.enter()
  const whole = expectWhole(reader)
  await expect.poll(() => lender.lender.status().sentBytes).toBeGreaterThan(0)
  // Half a minute on the tabs' clock: nobody is blamed for it, and nothing asked for again.
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  expect(lender.lender.status().sentBytes).toBeLessThanOrEqual(32 * 16_000)
  over()
  await whole
  expect(lender.lender.status().sentBytes).toBe(entry.manifest.files[0]!.bytes)
})

test('a tab that stops lending is asked no more', async () => {
  const { entry, lend, join } = await setUp(3)
  const lender = await lend(numbers(0, 3))
  lender.lender.stop()
  const reader = await join()
  await expect(reader.store.fetch(entry)).rejects.toMatchObject({ code: 'storage/source-failed' })
  expect(lender.lender.status()).toMatchObject({ isLending: false, sentBytes: 0 })
})

import { expect, test } from 'vitest'
import type { BytesFrom, PieceShelf } from '../../src/ports/index.ts'
import { lyingShelf } from '../fixtures/lying-shelf.ts'
import { numbers, openPieceNetwork, publishForTabs } from '../fixtures/piece-tabs.ts'

const fast = 1e9

async function setUp(pieceCount: number) {
  const model = await publishForTabs(pieceCount)
  const { join, network } = openPieceNetwork(model)
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
  const { entry, lend, join, expectWhole } = await setUp(40)
  const seed = await lend(numbers(0, 40), undefined, 100_000)
  const [a, b] = [await join(), await join()]
  for (const { lender } of [a, b]) lender.start(fast)
  await Promise.all([expectWhole(a), expectWhole(b)])
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

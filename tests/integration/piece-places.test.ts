import { expect, test } from 'vitest'
import { ManualClock } from '../../src/device/manual-clock.ts'
import { encodeFrame } from '../../src/protocol/frame-codec.ts'
import { parseLenderFrame, type ReaderFrame } from '../../src/protocol/piece-messages.ts'
import { piecesProtocol } from '../../src/protocol/protocols.ts'
import {
  type Drips,
  joinDripper,
  type LendingWorld,
  lentPieces,
  openLendingWorld,
} from '../fixtures/bad-lender.ts'
import { beginDownload, pass, passUntil } from '../fixtures/driven-download.ts'
import { numbers } from '../fixtures/piece-tabs.ts'

/** Tabs that a reader asks at the same time, and tabs that one lends to. */
const places = { reader: 6, lender: 8 }

/** Pauses all the time, but for moments. */
const pausing: Drips = { everyMs: 15_000, frames: [{ type: 'resumed' }, { type: 'paused' }] }

test('tabs that pause all the time make way for one that waits, and only then', async () => {
  const clock = new ManualClock()
  const world = await openLendingWorld({ clock })
  world.lender.stop()
  const pausers = await Promise.all(numbers(0, places.reader).map(() => joinDripper(world, clock, pausing)))
  const opened = () => pausers.map((lines) => lines.opened)
  const { download } = await beginDownload(world)
  await pass(clock, 100_000)
  expect(opened()).toEqual([1, 1, 1, 1, 1, 1])
  world.lender.start(1e9)
  await passUntil(clock, () => download.isOver, 150_000)
  expect(download.error).toBeNull()
})

test('a tab that was let go because it paused is met again', async () => {
  const clock = new ManualClock()
  const world = await openLendingWorld({ clock })
  world.lender.stop()
  const lenders = await Promise.all(
    numbers(0, places.reader + 1).map(async () => {
      const { answers, keep, lender } = await world.join()
      await keep(numbers(0, lentPieces))
      const over = answers.enter()
      lender.start(1e9)
      let [tabs, met] = [0, 0]
      lender.watch((status) => {
        if (status.tabs > tabs) met += 1
        tabs = status.tabs
      })
      return { over, met: () => met }
    }),
  )
  const { download } = await beginDownload(world)
  await pass(clock, 100_000)
  const met = lenders.map((lender) => lender.met())
  expect(Math.min(...met)).toBeGreaterThan(0)
  expect(Math.max(...met)).toBeGreaterThan(1)
  for (const { over } of lenders) over()
  await passUntil(clock, () => download.isOver, 150_000)
  expect(download.error).toBeNull()
})

/** How a reader takes what it asks for: so many frames, then credit for them after a while, and again. */
type Pace = { pieces?: number[]; frames: number; everyMs: number }

const [fast, slow] = [10_000, 60_000].map((everyMs): Pace => ({ frames: 8, everyMs })) as [Pace, Pace]
/** They take nothing, ask for what is not there, and take next to nothing. */
const idle: Pace[] = [
  { frames: Infinity, everyMs: 0 },
  { pieces: [lentPieces - 1], frames: 1, everyMs: 30_000 },
  { frames: 1, everyMs: 20_000 },
]
/** One that is idle in each way, and again. */
const idlePace = (number: number): Pace => idle[number % idle.length]!

/** Joins a reader and returns how its line was answered and how it stands. */
async function joinReader({ joinRaw, lenderId, entry }: LendingWorld, clock: ManualClock, pace: Pace) {
  const { transport } = await joinRaw()
  const stream = await transport.open(lenderId, piecesProtocol)
  const send = (frame: ReaderFrame) => stream.write(encodeFrame(frame))
  await send({ type: 'open', modelId: entry.id, pieces: lentPieces })
  const first = parseLenderFrame((await stream.read())!)
  const reader = { answer: first.type, isCut: false, takenFrames: 0 }
  const take = async () => {
    for (const piece of pace.pieces ?? numbers(0, 4)) await send({ type: 'want', piece })
    for (;;) {
      const frame = parseLenderFrame((await stream.read())!)
      if (frame.type === 'absent') await clock.sleep(pace.everyMs)
      if (frame.type === 'absent' || frame.type === 'done') await send({ type: 'want', piece: frame.piece })
      if (frame.type !== 'bytes' || ++reader.takenFrames % pace.frames !== 0) continue
      await clock.sleep(pace.everyMs)
      await send({ type: 'credit', frames: pace.frames })
    }
  }
  if (reader.answer === 'have') void take().catch(() => (reader.isCut = true))
  return reader
}

/** Joins readers, one after the other. */
async function joinReaders(world: LendingWorld, clock: ManualClock, paces: Pace[]) {
  const readers: Awaited<ReturnType<typeof joinReader>>[] = []
  for (const pace of paces) readers.push(await joinReader(world, clock, pace))
  return readers
}

test('readers that take next to nothing make way once all places are taken, and slow ones do not', async () => {
  const clock = new ManualClock()
  const world = await openLendingWorld({ clock, holds: 6 })
  const [phone] = await joinReaders(world, clock, [slow])
  const others = await joinReaders(world, clock, numbers(1, places.lender).map(idlePace))
  expect((await joinReader(world, clock, fast)).answer).toBe('refused')
  await pass(clock, 150_000)
  expect(others.map(({ isCut }) => isCut)).not.toContain(true)
  const next = await joinReaders(
    world,
    clock,
    numbers(0, places.lender).map(() => fast),
  )
  expect(next.map(({ answer }) => answer)).toEqual([...others.map(() => 'have'), 'refused'])
  expect(world.lender.status().tabs).toBe(places.lender)
  const before = phone!.takenFrames
  await pass(clock, 200_000)
  expect(others.map(({ isCut }) => isCut)).not.toContain(false)
  expect(phone!.isCut).toBe(false)
  expect(phone!.takenFrames).toBeGreaterThan(before)
})

test('while a place is free nobody has to make way', async () => {
  const clock = new ManualClock()
  const world = await openLendingWorld({ clock, holds: 6 })
  const readers = await joinReaders(world, clock, numbers(1, places.lender).map(idlePace))
  await pass(clock, 300_000)
  expect((await joinReader(world, clock, fast)).answer).toBe('have')
  await pass(clock, 60_000)
  expect(readers.map(({ isCut }) => isCut)).not.toContain(true)
})

test.each([
  { name: 'lets an answer go first', pauses: true, bytesPerSecond: 1e9 },
  { name: 'has a low limit', pauses: false, bytesPerSecond: 1_000 },
])('a lender that $name blames no reader for it', async ({ pauses, bytesPerSecond }) => {
  const clock = new ManualClock()
  const world = await openLendingWorld({ clock })
  const { peerId, answers, keep, lender } = await world.join()
  await keep(numbers(0, lentPieces))
  lender.start(bytesPerSecond)
  const there = { ...world, lenderId: peerId }
  const readers = await joinReaders(
    there,
    clock,
    numbers(0, places.lender).map(() => fast),
  )
  await pass(clock, 10_000)
  const over = pauses ? answers.enter() : () => {}
  await pass(clock, 300_000)
  const before = readers.map(({ takenFrames }) => takenFrames)
  expect((await joinReader(there, clock, fast)).answer).toBe('refused')
  over()
  await pass(clock, 200_000)
  expect(readers.map(({ isCut }) => isCut)).not.toContain(true)
  readers.forEach(({ takenFrames }, at) => expect(takenFrames).toBeGreaterThan(before[at]!))
})

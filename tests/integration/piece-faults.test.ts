import { expect, test } from 'vitest'
import { ManualClock } from '../../src/device/manual-clock.ts'
import type { FrameStream } from '../../src/ports/index.ts'
import { encodeFrame } from '../../src/protocol/frame-codec.ts'
import { limits } from '../../src/protocol/limits.ts'
import { type LenderFrame, parseLenderFrame } from '../../src/protocol/piece-messages.ts'
import { piecesProtocol } from '../../src/protocol/protocols.ts'
import {
  hasAll,
  joinBadLender,
  type LendingWorld,
  lentPieces,
  openLendingWorld,
  wishesOn,
  wrongBytes,
} from '../fixtures/bad-lender.ts'
import { createDice, hostileFrame } from '../fixtures/hostile-frames.ts'
import { numbers } from '../fixtures/piece-tabs.ts'

const piece = 0

async function expectServed({ join, entry, content }: LendingWorld): Promise<void> {
  const reader = await join()
  const { files } = await reader.store.fetch(entry)
  expect(new Uint8Array(await files[0]!.arrayBuffer())).toEqual(content)
}

const send = (stream: FrameStream, ...messages: unknown[]) =>
  Promise.all(messages.map((message) => stream.write(encodeFrame(message)))).catch(() => {})

/** Reads until the lender has had enough, or has nothing more to say, and returns what came. */
async function readAll(stream: FrameStream, quietMs = 300): Promise<{ frames: LenderFrame[]; end: string }> {
  const frames: LenderFrame[] = []
  try {
    for (;;) {
      const frame = await stream.read(AbortSignal.timeout(quietMs))
      if (!frame) return { frames, end: 'ended' }
      frames.push(parseLenderFrame(frame))
    }
  } catch (error) {
    return { frames, end: (error as { code: string }).code }
  }
}

async function openLine({ joinRaw, lenderId, entry }: LendingWorld, modelId = entry.id, count = lentPieces) {
  const { transport } = await joinRaw()
  const stream = await transport.open(lenderId, piecesProtocol)
  await send(stream, { type: 'open', modelId, pieces: count })
  return stream
}

const want = (number: number) => ({ type: 'want', piece: number })

test.each([
  { name: 'asks for a piece that there is none of', messages: [want(lentPieces)] },
  { name: 'asks too far ahead', messages: numbers(0, limits.piecesAskedAhead + 1).map(want) },
  { name: 'gives credit for what was not sent', messages: [{ type: 'credit', frames: 1 }] },
  { name: 'begins twice', messages: [{ type: 'open', modelId: `0x${'00'.repeat(32)}`, pieces: lentPieces }] },
])('a reader that $name is reset, and the next one served', async ({ messages }) => {
  const world = await openLendingWorld()
  const stream = await openLine(world)
  await send(stream, ...messages)
  expect((await readAll(stream)).end).toBe('transport/stream-reset')
  await expectServed(world)
})

test('a reader of another model, or of one of another size, is refused', async () => {
  const world = await openLendingWorld()
  for (const stream of [await openLine(world, `0x${'00'.repeat(32)}`), await openLine(world, undefined, 3)]) {
    const { frames, end } = await readAll(stream)
    expect(frames).toEqual([{ type: 'refused', error: expect.objectContaining({ code: 'market/no-model' }) }])
    expect(end).toBe('ended')
  }
})

test('a reader that gives no credit gets no more than its window', async () => {
  const world = await openLendingWorld({ pieceBytes: 1024 * 1024 })
  const stream = await openLine(world)
  await send(stream, want(0), want(1))
  for (const type of ['have', ...numbers(0, limits.pieceFramesAhead).map(() => 'bytes')]) {
    expect(parseLenderFrame((await stream.read())!)).toMatchObject({ type })
  }
  expect(await readAll(stream)).toEqual({ frames: [], end: 'transport/timeout' })
})

test('lends to so many tabs at a time, and sends the next one away', async () => {
  const world = await openLendingWorld()
  const lines = await Promise.all(numbers(0, 8).map(() => openLine(world)))
  for (const line of lines) expect((await readAll(line, 50)).frames[0]).toMatchObject({ type: 'have' })
  expect((await readAll(await openLine(world))).frames[0]).toMatchObject({ type: 'refused' })
  for (const line of lines) await line.close()
  await expectServed(world)
})

test.each<{ name: string; frames: LenderFrame[] }>([
  { name: 'has a bitmap of another size', frames: [{ type: 'have', bitmap: '0xffffff' }] },
  { name: 'begins with something else', frames: [{ type: 'resumed' }] },
  { name: 'says twice what it has', frames: [hasAll, hasAll] },
  { name: 'sends bytes that nobody asked for', frames: [wrongBytes(10), hasAll] },
  { name: 'ends a piece that it did not send', frames: [hasAll, { type: 'done', piece }] },
  {
    name: 'says that it has what there is not',
    frames: [hasAll, { type: 'gained', pieces: [lentPieces + 5] }],
  },
  { name: 'pauses and never goes on', frames: [hasAll, { type: 'paused' }] },
  { name: 'says nothing after it was asked', frames: [hasAll] },
])('a lender that $name harms nobody', async ({ frames }) => {
  const world = await openLendingWorld()
  await joinBadLender(world, (_stream, write) => write(...frames))
  await expectServed(world)
})

test('tabs that have nothing to give make way for one that has', async () => {
  const world = await openLendingWorld()
  world.lender.stop()
  const nothing: LenderFrame = { type: 'have', bitmap: '0x0000' }
  for (let tab = 0; tab < 6; tab++) await joinBadLender(world, (_stream, write) => write(nothing))
  const served = expectServed(world)
  setTimeout(() => world.lender.start(1e9), 100)
  await served
})

test('a lender that sends more than a piece has is named', async () => {
  const world = await openLendingWorld()
  world.lender.stop()
  await joinBadLender(world, async (stream, write) => {
    await write(hasAll)
    await stream.read()
    await write(...numbers(0, 5).map(() => wrongBytes(16_000)))
  })
  const reader = await world.join()
  await expect(reader.store.fetch(world.entry)).rejects.toMatchObject({
    code: 'storage/hash-mismatch',
    shortMessage: expect.stringMatching(/^Piece \d+ came with more bytes/),
    details: expect.stringContaining('from tab '),
  })
})

test('a lender and a reader live through hostile frames', async () => {
  const world = await openLendingWorld()
  const dice = createDice(5)
  await joinBadLender(world, async (stream, write) => {
    if (dice(2)) await write(hasAll)
    for (let frame = 0; frame < 5; frame++) await stream.write(hostileFrame(hasAll, dice))
  })
  for (let round = 0; round < 200; round++) {
    const stream = await openLine(world)
    for (let frame = 0; frame < 5; frame++) {
      await stream.write(hostileFrame(want(dice(20)), dice)).catch(() => {})
    }
    stream.abort(new Error('enough'))
  }
  await expectServed(world)
  expect(world.lender.status().isLending).toBe(true)
})

/** A lender that says it has everything and answers each wish with `absent`. Returns the wishes. */
async function joinEmptyLender(world: LendingWorld): Promise<number[]> {
  const asked: number[] = []
  await joinBadLender(world, async (stream, write) => {
    await write(hasAll)
    for await (const piece of wishesOn(stream)) {
      asked.push(piece)
      await write({ type: 'absent', piece })
    }
  })
  return asked
}

test('a lender that says that it has what it has not harms nobody, and is soon asked no more', async () => {
  const world = await openLendingWorld({ clock: new ManualClock() })
  const asked = await joinEmptyLender(world)
  await expectServed(world)
  expect(asked.length).toBeGreaterThan(0)
  // Three of them too many, and two that were asked ahead of the third.
  expect(asked.length).toBeLessThanOrEqual(5)
  expect(new Set(asked).size).toBe(asked.length)
})

test('a download from a tab that has nothing of what it says ends', async () => {
  const world = await openLendingWorld()
  world.lender.stop()
  const asked = await joinEmptyLender(world)
  const reader = await world.join()
  await expect(reader.store.fetch(world.entry)).rejects.toMatchObject({ code: 'storage/source-failed' })
  expect(asked.length).toBeLessThanOrEqual(5)
})

import { expect, test } from 'vitest'
import type { FrameStream } from '../../src/ports/index.ts'
import { encodeFrame } from '../../src/protocol/frame-codec.ts'
import { limits } from '../../src/protocol/limits.ts'
import { encodeLenderFrame, type LenderFrame, parseLenderFrame } from '../../src/protocol/piece-messages.ts'
import { piecesProtocol } from '../../src/protocol/protocols.ts'
import { createDice, hostileFrame } from '../fixtures/hostile-frames.ts'
import { numbers, openPieceNetwork, publishForTabs } from '../fixtures/piece-tabs.ts'

const pieces = 12
const piece = 0

async function setUp(pieceBytes = 64 * 1024) {
  const model = await publishForTabs(pieces, pieceBytes)
  const { network, join } = openPieceNetwork(model)
  const lender = await join()
  await lender.keep(numbers(0, pieces))
  lender.lender.start(1e9)
  return {
    ...model,
    lender,
    join,
    /** A tab that keeps to no protocol. */
    async joinRaw() {
      const tab = network.join()
      await tab.transport.start()
      return tab
    },
    async expectServed() {
      const reader = await join()
      const { files } = await reader.store.fetch(model.entry)
      expect(new Uint8Array(await files[0]!.arrayBuffer())).toEqual(model.content)
    },
  }
}

type World = Awaited<ReturnType<typeof setUp>>

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

async function openLine({ joinRaw, lender, entry }: World, modelId = entry.id, count = pieces) {
  const { transport } = await joinRaw()
  const stream = await transport.open(lender.peerId, piecesProtocol)
  await send(stream, { type: 'open', modelId, pieces: count })
  return stream
}

const want = (number: number) => ({ type: 'want', piece: number })

test.each([
  { name: 'asks for a piece that there is none of', messages: [want(pieces)] },
  { name: 'asks too far ahead', messages: numbers(0, limits.piecesAskedAhead + 1).map(want) },
  { name: 'gives credit for what was not sent', messages: [{ type: 'credit', frames: 1 }] },
  { name: 'begins twice', messages: [{ type: 'open', modelId: `0x${'00'.repeat(32)}`, pieces }] },
])('a reader that $name is reset, and the next one served', async ({ messages }) => {
  const world = await setUp()
  const stream = await openLine(world)
  await send(stream, ...messages)
  expect((await readAll(stream)).end).toBe('transport/stream-reset')
  await world.expectServed()
})

test('a reader of another model, or of one of another size, is refused', async () => {
  const world = await setUp()
  for (const stream of [await openLine(world, `0x${'00'.repeat(32)}`), await openLine(world, undefined, 3)]) {
    const { frames, end } = await readAll(stream)
    expect(frames).toEqual([{ type: 'refused', error: expect.objectContaining({ code: 'market/no-model' }) }])
    expect(end).toBe('ended')
  }
})

test('a reader that gives no credit gets no more than its window', async () => {
  const world = await setUp(1024 * 1024)
  const stream = await openLine(world)
  await send(stream, want(0), want(1))
  const { frames, end } = await readAll(stream)
  expect(frames.filter(({ type }) => type === 'bytes')).toHaveLength(limits.pieceFramesAhead)
  expect(end).toBe('transport/timeout')
})

test('lends to so many tabs at a time, and sends the next one away', async () => {
  const world = await setUp()
  const lines = await Promise.all(numbers(0, 8).map(() => openLine(world)))
  for (const line of lines) expect((await readAll(line, 50)).frames[0]).toMatchObject({ type: 'have' })
  expect((await readAll(await openLine(world))).frames[0]).toMatchObject({ type: 'refused' })
  for (const line of lines) await line.close()
  await world.expectServed()
})

/** A lender that answers the opening as it should, and each wish in its own way. */
async function joinBadLender(
  { joinRaw, entry }: World,
  answer: (stream: FrameStream, write: (...frames: LenderFrame[]) => Promise<void>) => Promise<void>,
) {
  const { transport, holders } = await joinRaw()
  transport.handle(piecesProtocol, async (stream) => {
    await stream.read()
    await answer(stream, async (...frames) => {
      for (const frame of frames) await stream.write(encodeLenderFrame(frame))
    })
    while (await stream.read()) continue
  })
  await holders.announce([entry.id])
}

const all: LenderFrame = { type: 'have', bitmap: '0xfff0' }
const bytes = (length: number): LenderFrame => ({ type: 'bytes', bytes: new Uint8Array(length).fill(1) })

test.each<{ name: string; frames: LenderFrame[] }>([
  { name: 'has a bitmap of another size', frames: [{ type: 'have', bitmap: '0xffffff' }] },
  { name: 'begins with something else', frames: [{ type: 'resumed' }] },
  { name: 'says twice what it has', frames: [all, all] },
  { name: 'sends bytes that nobody asked for', frames: [bytes(10), all] },
  { name: 'ends a piece that it did not send', frames: [all, { type: 'done', piece }] },
  { name: 'says that it has what there is not', frames: [all, { type: 'gained', pieces: [pieces + 5] }] },
  { name: 'pauses and never goes on', frames: [all, { type: 'paused' }] },
  { name: 'says nothing after it was asked', frames: [all] },
])('a lender that $name harms nobody', async ({ frames }) => {
  const world = await setUp()
  await joinBadLender(world, (_stream, write) => write(...frames))
  await world.expectServed()
})

test('tabs that have nothing to give make way for one that has', async () => {
  const world = await setUp()
  world.lender.lender.stop()
  const nothing: LenderFrame = { type: 'have', bitmap: '0x0000' }
  for (let tab = 0; tab < 6; tab++) await joinBadLender(world, (_stream, write) => write(nothing))
  const served = world.expectServed()
  setTimeout(() => world.lender.lender.start(1e9), 100)
  await served
})

test('a lender that sends more than a piece has is named', async () => {
  const world = await setUp()
  world.lender.lender.stop()
  await joinBadLender(world, async (stream, write) => {
    await write(all)
    await stream.read()
    await write(...numbers(0, 5).map(() => bytes(16_000)))
  })
  const reader = await world.join()
  await expect(reader.store.fetch(world.entry)).rejects.toMatchObject({
    code: 'storage/hash-mismatch',
    shortMessage: expect.stringMatching(/^Piece \d+ came with more bytes/),
    details: expect.stringContaining('from tab '),
  })
})

test('a lender and a reader live through hostile frames', async () => {
  const world = await setUp()
  const dice = createDice(5)
  await joinBadLender(world, async (stream, write) => {
    if (dice(2)) await write(all)
    for (let frame = 0; frame < 5; frame++) await stream.write(hostileFrame(all, dice))
  })
  for (let round = 0; round < 200; round++) {
    const stream = await openLine(world)
    for (let frame = 0; frame < 5; frame++) {
      await stream.write(hostileFrame(want(dice(20)), dice)).catch(() => {})
    }
    stream.abort(new Error('enough'))
  }
  await world.expectServed()
  expect(world.lender.lender.status().isLending).toBe(true)
})

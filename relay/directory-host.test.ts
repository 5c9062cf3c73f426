import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../src/device/manual-clock.ts'
import type { FrameStream } from '../src/ports/transport.ts'
import { encodeFrame, parseFrame } from '../src/protocol/frame-codec.ts'
import { limits } from '../src/protocol/limits.ts'
import {
  directoryEventSchema,
  type DirectoryEvent,
  type DirectoryRequest,
} from '../src/protocol/offer-messages.ts'
import { directoryProtocol } from '../src/protocol/protocols.ts'
import { answerStream } from '../src/transport/answer-stream.ts'
import { memoryStreamPair } from '../src/transport/memory-stream.ts'
import { signedTestOffer } from '../tests/fixtures/offer.ts'
import { DirectoryHost } from './directory-host.ts'
import { OfferBoard } from './offer-board.ts'

let clock: ManualClock
let host: DirectoryHost

beforeEach(() => {
  clock = new ManualClock()
  host = new DirectoryHost(new OfferBoard(100), () => {}, clock)
})
afterEach(() => host.stop())

/** A tab's line to the host under test. */
class Line {
  readonly #stream: FrameStream

  constructor(peerId: string) {
    const carry = () => (step: () => void) => step()
    const [near, far] = memoryStreamPair(directoryProtocol, peerId, 'relay', carry, () => {})
    this.#stream = near
    void answerStream(far, (stream) => host.serve(stream))
  }

  send(request: DirectoryRequest): Promise<void> {
    return this.#stream.write(encodeFrame(request))
  }

  /** Reads on until an event matches. */
  async until<type extends DirectoryEvent['type']>(
    type: type,
    matches: (event: Extract<DirectoryEvent, { type: type }>) => boolean = () => true,
  ): Promise<Extract<DirectoryEvent, { type: type }>> {
    while (true) {
      const event = await this.next()
      if (event.type === type && matches(event as never)) return event as never
    }
  }

  async next(): Promise<DirectoryEvent> {
    const frame = await this.#stream.read()
    if (!frame) throw new Error('the line ended')
    return parseFrame(directoryEventSchema, frame)
  }

  leave(): Promise<void> {
    return this.#stream.close()
  }
}

/** A tab that takes nothing: a frame stays on its way until the stream is reset. */
function joinDeafTab(peerId: string, frames: Uint8Array[]): void {
  const reset = Promise.withResolvers<never>()
  reset.promise.catch(() => {})
  const stream: FrameStream = {
    remotePeer: peerId,
    read: () => reset.promise,
    write(frame) {
      frames.push(frame)
      return reset.promise
    },
    close: async () => {},
    abort: (error) => reset.reject(error),
  }
  void answerStream(stream, (opened) => host.serve(opened))
}

test('a tab is told the view first, and that its offer is listed', async () => {
  const seller = new Line('seller')
  expect(await seller.next()).toEqual({ type: 'view', offers: [], peers: 1 })
  const offer = await signedTestOffer('seller')
  await seller.send({ type: 'publish', offer })
  expect(await seller.until('published')).toEqual({ type: 'published', sequence: 1 })
  const late = new Line('late')
  expect(await late.next()).toEqual({ type: 'view', offers: [offer], peers: 2 })
})

test('changes in quick succession are told together', async () => {
  const watcher = new Line('watcher')
  await watcher.until('view')
  const sellers = ['a', 'b', 'c'].map((name) => [name, new Line(name)] as const)
  await Promise.all(
    sellers.map(async ([name, line]) => line.send({ type: 'publish', offer: await signedTestOffer(name) })),
  )
  const { offers, peers } = await watcher.until('changed', ({ offers: told }) => told.length > 0)
  expect(offers.map(({ offer }) => offer.peerId).sort()).toEqual(['a', 'b', 'c'])
  expect(peers).toBe(4)
})

test('a withdrawal is told as gone, a departure as departed', async () => {
  const [seller, leaver, watcher] = [new Line('seller'), new Line('leaver'), new Line('watcher')]
  await seller.send({ type: 'publish', offer: await signedTestOffer('seller') })
  await leaver.send({ type: 'publish', offer: await signedTestOffer('leaver') })
  await Promise.all([seller.until('published'), leaver.until('published')])
  await seller.send({ type: 'withdraw' })
  await watcher.until('changed', ({ gone }) => gone.includes('seller'))
  await leaver.leave()
  expect(await watcher.until('departed')).toEqual({ type: 'departed', peerId: 'leaver' })
  await watcher.until('changed', ({ peers }) => peers === 2)
})

test('a newer line of the same tab takes over, and nothing has departed', async () => {
  const older = new Line('seller')
  await older.send({ type: 'publish', offer: await signedTestOffer('seller') })
  await older.until('published')
  const newer = new Line('seller')
  expect((await newer.until('view')).offers).toHaveLength(1)
  await expect(older.until('departed')).rejects.toMatchObject({ code: 'transport/stream-reset' })
  expect(host.counts.departed).toBe(0)
  expect(host.tabs).toBe(1)
})

test('a refusal says why', async () => {
  const seller = new Line('seller')
  await seller.send({ type: 'publish', offer: await signedTestOffer('somebody-else') })
  expect(await seller.until('refused')).toEqual({
    type: 'refused',
    sequence: 1,
    shortMessage: 'The offer names another tab.',
  })
})

test('far too many lines of one tab are turned away', async () => {
  const lines = Array.from({ length: 40 }, () => new Line('eager'))
  await expect(lines.at(-1)!.next()).rejects.toMatchObject({ code: 'transport/stream-reset' })
  expect(host.counts.limited).toBeGreaterThan(0)
  expect(await new Line('calm').next()).toMatchObject({ type: 'view' })
})

test('offers that would be too long for the others are no offers', async () => {
  const hub = {
    account: `0x${'03'.repeat(20)}` as const,
    peerId: '\u0001'.repeat(limits.peerIdChars),
    spreadMillionths: 0,
  }
  const liars = Array.from({ length: 80 }, (_, at) => `liar-${at}`)
  await Promise.all(
    liars.map(async (name) => {
      const offer = await signedTestOffer(name, { hubs: [hub, hub, hub, hub] })
      const line = new Line(name)
      await line.send({ type: 'publish', offer })
      await expect(line.until('published')).rejects.toMatchObject({ code: 'transport/stream-reset' })
    }),
  )
  expect(host.counts.malformed).toBe(80)
  expect(await new Line('late').next()).toMatchObject({ type: 'view', offers: [] })
})

test('tabs that take nothing wait for one and the same view, and are cut after twenty seconds', async () => {
  const seller = new Line('seller')
  await seller.send({ type: 'publish', offer: await signedTestOffer('seller') })
  await seller.until('published')
  const frames: Uint8Array[] = []
  for (let tab = 0; tab < 200; tab++) joinDeafTab(`deaf-${tab}`, frames)
  await expect.poll(() => frames).toHaveLength(200)
  expect(new Set(frames).size).toBe(1)
  await clock.advance(19_000)
  expect(host.tabs).toBe(201)
  await clock.advance(1_000)
  expect(host.tabs).toBe(1)
  await seller.until('changed', ({ peers }) => peers === 1)
})

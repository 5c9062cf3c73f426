import { expect, test } from 'vitest'
import { ManualClock } from '../src/device/manual-clock.ts'
import { maxSpreadMillionths } from '../src/domain/hub.ts'
import type { Offer } from '../src/domain/offer.ts'
import type { FrameStream } from '../src/ports/transport.ts'
import { parseFrame } from '../src/protocol/frame-codec.ts'
import { limits } from '../src/protocol/limits.ts'
import { directoryEventSchema, type DirectoryEvent } from '../src/protocol/offer-messages.ts'
import { directoryProtocol } from '../src/protocol/protocols.ts'
import { signedTestOffer, testOffer } from '../tests/fixtures/offer.ts'
import { announce, announceView, type BoardView, DirectorySession } from './directory-session.ts'

const changed: DirectoryEvent = { type: 'changed', offers: [], gone: [], peers: 1 }

const clock = new ManualClock()

const sessionOf = (stream: FrameStream, view: BoardView) =>
  new DirectorySession(stream, () => announceView(view), clock)

/** The longest of everything that a frame may say. */
function longestOffer(): Partial<Offer> {
  const peerId = 'x'.repeat(limits.peerIdChars)
  const amount = (1n << 128n) - 1n
  const { provider } = testOffer(peerId)
  const hub = { account: provider, peerId, spreadMillionths: maxSpreadMillionths }
  return {
    tasks: Array.from({ length: limits.tasksPerOffer }, () => 'x'.repeat(24)),
    price: { promptMicroUsdPerMillion: amount, completionMicroUsdPerMillion: amount },
    contextTokens: 10_000_000,
    milliTokensPerSecond: 1_000_000_000,
    freeSlots: 1024,
    slots: 1024,
    chunkTokens: 4096,
    chainId: Number.MAX_SAFE_INTEGER,
    hubs: Array.from({ length: limits.hubsPerOffer }, () => hub),
    listingId: `0x${'cc'.repeat(32)}`,
    sequence: Number.MAX_SAFE_INTEGER,
    expiresAtSeconds: 0xffffffffff,
  }
}

/** A stream to a tab that takes a frame only when told to. */
function slowTab() {
  const told: DirectoryEvent[] = []
  let open = Promise.withResolvers<void>()
  const stream: FrameStream = {
    remotePeer: 'tab',
    read: () => Promise.resolve(null),
    close: () => Promise.resolve(),
    abort: () => {},
    async write(frame) {
      await open.promise
      expect(frame.byteLength).toBeLessThanOrEqual(directoryProtocol.maxFrameBytes)
      told.push(parseFrame(directoryEventSchema, frame))
    },
  }
  const settle = () => new Promise((resolve) => setTimeout(resolve, 5))
  const listen = async () => {
    open.resolve()
    await settle()
    open = Promise.withResolvers()
  }
  return { stream, told, listen }
}

test('a view of any length fits into frames, whatever its offers say', async () => {
  const signed = await signedTestOffer('x'.repeat(limits.peerIdChars), longestOffer())
  const { stream, told, listen } = slowTab()
  sessionOf(stream, { offers: Array.from({ length: 300 }, () => signed), peers: 10_000_000 }).sendView()
  await listen()
  expect(told.map((event) => [event.type, 'offers' in event ? event.offers.length : 0])).toEqual([
    ['view', 128],
    ['changed', 128],
    ['changed', 44],
  ])
})

test('an empty view is told too', async () => {
  const { stream, told, listen } = slowTab()
  sessionOf(stream, { offers: [], peers: 1 }).sendView()
  await listen()
  expect(told).toEqual([{ type: 'view', offers: [], peers: 1 }])
})

test('a tab that falls behind is told everything anew, and no departure is lost', async () => {
  const { stream, told, listen } = slowTab()
  const session = sessionOf(stream, { offers: [], peers: 42 })
  session.send(announce({ type: 'departed', peerId: 'gone' }))
  for (let change = 0; change < 1_000; change++) session.send(announce(changed))
  session.send(announce({ type: 'published', sequence: 5 }))
  await listen()
  expect(told.length).toBeLessThan(80)
  expect(told).toContainEqual({ type: 'departed', peerId: 'gone' })
  expect(told).toContainEqual({ type: 'published', sequence: 5 })
  expect(told).toContainEqual({ type: 'view', offers: [], peers: 42 })
})

import { expect, test } from 'vitest'
import type { FrameStream } from '../src/ports/transport.ts'
import { parseFrame } from '../src/protocol/frame-codec.ts'
import { directoryEventSchema, type DirectoryEvent } from '../src/protocol/offer-messages.ts'
import { directoryProtocol } from '../src/protocol/protocols.ts'
import { signedTestOffer } from '../tests/fixtures/offer.ts'
import { announce, DirectorySession } from './directory-session.ts'

const changed: DirectoryEvent = { type: 'changed', offers: [], gone: [], peers: 1 }

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

test('a view of any length fits into frames', async () => {
  const signed = await signedTestOffer('x'.repeat(128), { sequence: Number.MAX_SAFE_INTEGER })
  const { stream, told, listen } = slowTab()
  new DirectorySession(stream, () => ({
    offers: Array.from({ length: 300 }, () => signed),
    peers: 7,
  })).sendView()
  await listen()
  expect(told.map((event) => [event.type, 'offers' in event ? event.offers.length : 0])).toEqual([
    ['view', 128],
    ['changed', 128],
    ['changed', 44],
  ])
})

test('an empty view is told too', async () => {
  const { stream, told, listen } = slowTab()
  new DirectorySession(stream, () => ({ offers: [], peers: 1 })).sendView()
  await listen()
  expect(told).toEqual([{ type: 'view', offers: [], peers: 1 }])
})

test('a tab that falls behind is told everything anew, and no departure is lost', async () => {
  const { stream, told, listen } = slowTab()
  const session = new DirectorySession(stream, () => ({ offers: [], peers: 42 }))
  session.send(announce({ type: 'departed', peerId: 'gone' }))
  for (let change = 0; change < 1_000; change++) session.send(announce(changed))
  session.send(announce({ type: 'published', sequence: 5 }))
  await listen()
  expect(told.length).toBeLessThan(80)
  expect(told).toContainEqual({ type: 'departed', peerId: 'gone' })
  expect(told).toContainEqual({ type: 'published', sequence: 5 })
  expect(told).toContainEqual({ type: 'view', offers: [], peers: 42 })
})

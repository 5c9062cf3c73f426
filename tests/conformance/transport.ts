import { TransportError } from '../../src/errors/index.ts'
import type { FrameStream, Transport, TransportStatus } from '../../src/ports/transport.ts'
import type { ProtocolSpec } from '../../src/protocol/protocols.ts'
import { assert, assertEqual, assertRejects, firstMatch, type ConformanceCase } from './case.ts'

/** A network that tabs can join. */
export type TransportSubject = {
  /** A new tab that has not been started; stopped after the case. */
  join(): Promise<Transport>
  /** The id of a tab that never was. */
  nobody: string
}

const protocol: ProtocolSpec = { id: '/opentab-test/frames/1.0.0', maxFrameBytes: 32 * 1024 }
const maxStreamsPerPeer = 3

/** Two started tabs; the second one answers the test protocol. */
async function twoTabs({ join }: TransportSubject, answer: (stream: FrameStream) => Promise<void>) {
  const [near, far] = [await join(), await join()]
  await Promise.all([near.start(), far.start()])
  await Promise.all([untilReachable(near), untilReachable(far)])
  const stopAnswering = far.handle(protocol, answer, { maxStreamsPerPeer })
  return { near, far, stopAnswering, open: () => near.open(far.peerId, protocol) }
}

function untilReachable(tab: Transport): Promise<unknown> {
  if (tab.status().reachable) return Promise.resolve()
  return firstMatch<TransportStatus>(
    (told) => tab.watchStatus(told),
    (status) => status.reachable,
  )
}

async function echo(stream: FrameStream): Promise<void> {
  for (let frame = await stream.read(); frame; frame = await stream.read()) await stream.write(frame)
}

async function readToEnd(stream: FrameStream): Promise<void> {
  while (await stream.read()) continue
}

/** Sends one byte to an echoing tab and reads it back. */
async function assertAlive(stream: FrameStream, message: string): Promise<void> {
  await stream.write(Uint8Array.of(42))
  assertEqual((await stream.read())?.[0], 42, message)
}

/** What every `Transport` keeps to. */
export const transportCases: ConformanceCase<TransportSubject>[] = [
  {
    name: 'carries whole frames both ways in order, the empty and the largest included',
    async run(subject) {
      const { open, near, far } = await twoTabs(subject, echo)
      const stream = await open()
      assertEqual(stream.remotePeer, far.peerId, 'the peer that was dialled')
      assert(near.peerId !== far.peerId, 'two tabs have two ids')
      const sizes = [1, 0, 16_384, protocol.maxFrameBytes, 3]
      for (const [index, size] of sizes.entries()) await stream.write(new Uint8Array(size).fill(index + 1))
      for (const [index, size] of sizes.entries()) {
        const frame = await stream.read()
        assertEqual(frame?.byteLength, size, `length of frame ${index}`)
        assert(frame?.every((byte) => byte === index + 1) === true, `content of frame ${index}`)
      }
      await stream.close()
      assertEqual(await stream.read(), null, 'the end')
    },
  },
  {
    name: 'lets the other side answer after we finished writing',
    async run(subject) {
      const { open, near } = await twoTabs(subject, async (stream) => {
        const question = await stream.read()
        assertEqual(await stream.read(), null, 'the end of the question')
        if (question) await stream.write(question)
      })
      const stream = await open()
      await stream.write(Uint8Array.of(7))
      await stream.close()
      assertEqual((await stream.read())?.[0], 7, 'the answer')
      assertEqual(await stream.read(), null, 'the end')
      await assertRejects(stream.write(Uint8Array.of(8)), 'transport/closed')
      assert(near.peerId.length > 0, 'an id')
    },
  },
  {
    name: 'tells the handler who dials',
    async run(subject) {
      const { open, near } = await twoTabs(subject, (stream) =>
        stream.write(new TextEncoder().encode(stream.remotePeer)),
      )
      const frame = await (await open()).read()
      assertEqual(new TextDecoder().decode(frame ?? undefined), near.peerId, 'the dialling peer')
    },
  },
  {
    name: 'keeps every frame for a reader that comes late',
    async run(subject) {
      const gate = Promise.withResolvers<void>()
      const { open } = await twoTabs(subject, async (stream) => {
        await gate.promise
        await echo(stream)
      })
      const stream = await open()
      const writing = (async () => {
        for (let index = 0; index < 40; index++) await stream.write(new Uint8Array(2048).fill(index))
      })()
      setTimeout(() => gate.resolve(), 100)
      for (let index = 0; index < 40; index++)
        assertEqual((await stream.read())?.[0], index, `frame ${index}`)
      await writing
      stream.abort(new Error('done'))
    },
  },
  {
    name: 'serves reads at once in turn',
    async run(subject) {
      const { open } = await twoTabs(subject, echo)
      const stream = await open()
      const reads = Array.from({ length: 3 }, () => stream.read())
      for (let index = 0; index < 3; index++) await stream.write(Uint8Array.of(index))
      assertEqual(
        (await Promise.all(reads)).map((frame) => frame?.[0]),
        [0, 1, 2],
        'frames',
      )
      stream.abort(new Error('done'))
    },
  },
  {
    name: 'refuses to send a frame over the limit and goes on',
    async run(subject) {
      const { open } = await twoTabs(subject, echo)
      const stream = await open()
      await assertRejects(stream.write(new Uint8Array(protocol.maxFrameBytes + 1)), 'protocol/too-large')
      await assertAlive(stream, 'an echo afterwards')
      await stream.close()
    },
  },
  {
    name: 'breaks both sides when one aborts',
    async run(subject) {
      const seen = Promise.withResolvers<unknown>()
      const { open } = await twoTabs(subject, (stream) => readToEnd(stream).catch(seen.resolve))
      const stream = await open()
      await stream.write(Uint8Array.of(1))
      stream.abort(new TransportError('transport/timeout', 'Too slow.'))
      const error = await seen.promise
      await assertRejects(Promise.reject(error), 'transport/stream-reset')
      await assertRejects(stream.read(), 'transport/timeout')
      await assertRejects(stream.write(Uint8Array.of(2)), ['transport/closed', 'transport/timeout'])
    },
  },
  {
    name: 'resets the stream of a handler that throws',
    async run(subject) {
      const { open } = await twoTabs(subject, () => Promise.reject(new Error('broken handler')))
      const stream = await open()
      await assertRejects(stream.read(), 'transport/stream-reset')
    },
  },
  {
    name: 'gives up a wait when its signal says so, and loses no frame by it',
    async run(subject) {
      const { open } = await twoTabs(subject, echo)
      const stream = await open()
      const cancel = new AbortController()
      const waiting = stream.read(cancel.signal)
      cancel.abort()
      await assertRejects(waiting, 'transport/closed')
      await assertRejects(stream.read(AbortSignal.timeout(10)), 'transport/timeout')
      await assertAlive(stream, 'the frame after the given up wait')
      await stream.close()
    },
  },
  {
    name: 'resets streams over the limit of one peer, and frees what has ended',
    async run(subject) {
      const { open } = await twoTabs(subject, echo)
      const streams: FrameStream[] = []
      for (let index = 0; index < maxStreamsPerPeer; index++) {
        const stream = await open()
        await assertAlive(stream, `stream ${index}`)
        streams.push(stream)
      }
      const tooMany = open().then((stream) => stream.read())
      await assertRejects(tooMany, 'transport/stream-reset')
      const [first, second] = streams
      await assertAlive(first!, 'an older stream')
      await second!.close()
      assertEqual(await second!.read(), null, 'the end of the second stream')
      await assertAlive(await open(), 'a stream in the freed place')
    },
  },
  {
    name: 'opens streams side by side over one link',
    async run(subject) {
      const { open } = await twoTabs(subject, echo)
      const streams = await Promise.all([open(), open(), open()])
      await Promise.all(streams.map((stream, index) => assertAlive(stream, `stream ${index}`)))
      await Promise.all(streams.map((stream) => stream.close()))
    },
  },
  {
    name: 'says when a protocol is not answered, before and after it was',
    async run(subject) {
      const { open, near, far, stopAnswering } = await twoTabs(subject, echo)
      const unknown = { ...protocol, id: '/opentab-test/unknown/1.0.0' }
      await assertRejects(near.open(far.peerId, unknown), 'protocol/unsupported-version')
      await assertAlive(await open(), 'the protocol that is answered')
      stopAnswering()
      await assertRejects(open(), 'protocol/unsupported-version')
    },
  },
  {
    name: 'says when a tab cannot be reached, and when the wait is over',
    async run(subject) {
      const { near, far } = await twoTabs(subject, echo)
      await assertRejects(near.open(subject.nobody, protocol), 'transport/peer-unreachable')
      await assertRejects(near.open(near.peerId, protocol), 'transport/peer-unreachable')
      await assertRejects(near.open(far.peerId, protocol, AbortSignal.abort()), 'transport/closed')
    },
  },
  {
    name: 'tells of a departure once, and breaks what was open',
    async run(subject) {
      const { near, far, open } = await twoTabs(subject, echo)
      const departed: string[] = []
      near.watchDepartures((peer) => departed.push(peer))
      const stream = await open()
      await assertAlive(stream, 'before the departure')
      const told = firstMatch<string>(
        (callback) => near.watchDepartures(callback),
        (peer) => peer === far.peerId,
      )
      await far.stop()
      await told
      await assertRejects(stream.read(), 'transport/stream-reset')
      assertEqual(departed, [far.peerId], 'the departures')
    },
  },
  {
    name: 'tells its status, and is gone after a stop',
    async run({ join }) {
      const tab = await join()
      assertEqual(tab.status(), { relays: [], reachable: false }, 'before the start')
      await tab.start()
      await untilReachable(tab)
      const { relays, reachable } = tab.status()
      assertEqual({ relays: relays.length, reachable }, { relays: 1, reachable: true }, 'after the start')
      await tab.start()
      assertEqual(tab.status(), { relays, reachable }, 'after a second start')
      await tab.stop()
      assertEqual(tab.status(), { relays: [], reachable: false }, 'after the stop')
      await assertRejects(tab.open(tab.peerId, protocol), 'transport/closed')
      await tab.stop()
      await assertRejects(tab.start(), 'transport/closed')
    },
  },
]

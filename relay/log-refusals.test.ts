import { expect, test } from 'vitest'
import { ProtocolError, TransportError } from '../src/errors/index.ts'
import type { FrameStream } from '../src/ports/transport.ts'
import { holdersProtocol } from '../src/protocol/protocols.ts'
import { encodeFrame } from '../src/protocol/frame-codec.ts'
import { HolderBoard } from './holder-board.ts'
import { HolderDesk } from './holder-desk.ts'
import { logRefusals } from './log-refusals.ts'
import { RecentTroubles } from './recent-troubles.ts'

/** A line of one frame. */
function lineOf(frame: Uint8Array | Error): FrameStream {
  const frames = [frame]
  const read = async () => {
    const next = frames.shift() ?? null
    if (next instanceof Error) throw next
    return next
  }
  return { remotePeer: 'a-peer-that-asks', read, write: async () => {} } as unknown as FrameStream
}

test('rubbish for the holders is logged and counted, and still ends its line', async () => {
  const logged: unknown[] = []
  const troubles = new RecentTroubles((...event) => void logged.push(event))
  const desk = new HolderDesk(new HolderBoard(10))
  const answer = logRefusals(holdersProtocol.id, (line) => desk.serve(line), troubles.log)
  await answer(lineOf(encodeFrame({ type: 'find', modelId: `0x${'07'.repeat(32)}` })))
  expect(logged).toEqual([])
  await expect(answer(lineOf(encodeFrame({ type: 'rubbish' })))).rejects.toThrow(ProtocolError)
  await expect(answer(lineOf(new ProtocolError('protocol/rate-limited', 'Too much.')))).rejects.toThrow(
    'much',
  )
  await expect(answer(lineOf(new TransportError('transport/closed', 'Gone.')))).rejects.toThrow('Gone.')
  const facts = { protocol: holdersProtocol.id, peer: 'hat-asks' }
  expect(logged).toEqual([
    ['request-refused', { ...facts, code: 'protocol/malformed' }],
    ['request-refused', { ...facts, code: 'protocol/rate-limited' }],
  ])
  expect(troubles.counts).toEqual({ malformed: 1, limited: 1 })
  expect(troubles.refusals()).toHaveLength(2)
})

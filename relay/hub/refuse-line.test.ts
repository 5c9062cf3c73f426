import { expect, test } from 'vitest'
import { ManualClock } from '../../src/device/manual-clock.ts'
import { type BaseError, ChainError, HubError, LedgerError, StorageError } from '../../src/errors/index.ts'
import type { FrameStream } from '../../src/ports/transport.ts'
import { parseFrame } from '../../src/protocol/frame-codec.ts'
import { hubPayReplySchema } from '../../src/protocol/hub-messages.ts'
import { refuseLine } from './refuse-line.ts'

const full = new StorageError('storage/quota', "The disk has no room left for the hub's books.", {
  details: '/var/lib/hub.sqlite: database or disk is full',
})
const silent = new ChainError('chain/unreachable', 'rpc.example.org does not answer.')
const overcharged = new LedgerError('ledger/overcharged', 'More than was agreed.')
const tooMany = new HubError('hub/busy', 'Too many requests.', { details: 'protocol/rate-limited' })

/** Returns what a peer is told, and what the log has. */
async function refuse(error: BaseError) {
  const written: Uint8Array[] = []
  const write = async (frame: Uint8Array) => void written.push(frame)
  const stream = { remotePeer: 'a-peer-that-asks', write } as unknown as FrameStream
  const logged: unknown[] = []
  const log = (...event: unknown[]) => void logged.push(event)
  await refuseLine(stream, error, { event: 'hub-payment-refused', log, clock: new ManualClock() })
  const [told] = written.map((frame) => parseFrame(hubPayReplySchema, frame))
  return { told, logged }
}

test.each([full, silent])(
  "of the hub's own trouble a peer is told only that it may try again",
  async (error) => {
    const { told, logged } = await refuse(error)
    expect(told).toMatchObject({ type: 'refused', error: { code: 'hub/busy' } })
    expect(JSON.stringify(told)).not.toMatch(/disk|books|rpc/)
    expect(logged).toMatchObject([['hub-payment-refused', { peer: 'hat-asks', code: error.code }]])
  },
)

test('a peer is told what it did wrong itself, and the host why it was too much', async () => {
  expect((await refuse(overcharged)).told).toMatchObject({ error: overcharged.toPeer() })
  const { told, logged } = await refuse(tooMany)
  expect(told).toMatchObject({ error: { code: 'hub/busy', shortMessage: 'Too many requests.' } })
  expect(logged).toMatchObject([[expect.anything(), { details: 'protocol/rate-limited' }]])
})

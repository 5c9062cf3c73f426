import { expect, test } from 'vitest'
import { ManualClock } from '../../../src/device/manual-clock.ts'
import type { FrameStream } from '../../../src/ports/index.ts'
import { parseFrame } from '../../../src/protocol/frame-codec.ts'
import { type HubEarnEvent, hubEarnEventSchema } from '../../../src/protocol/hub-messages.ts'
import { hubPayee } from '../../../tests/fixtures/hub-world.ts'
import { EarnLine } from './earn-line.ts'

const { channel, signer } = hubPayee(1)
const word = (n: number) => `0x${n.toString(16).padStart(64, '0')}` as const

function pay(job: number, chargeMicroUsd: bigint): HubEarnEvent {
  const { channelId } = channel
  const voucher = {
    channelId,
    maxClaimableAmount: chargeMicroUsd,
    signature: `0x${'00'.repeat(65)}`,
  } as const
  return { type: 'pay', jobId: word(job), chargeMicroUsd, voucher }
}

/** A line whose reader takes a frame when the test says so. */
function openLine() {
  const clock = new ManualClock()
  const written: HubEarnEvent[] = []
  const stalled: (() => void)[] = []
  const state = { aborted: false }
  const stream = {
    remotePeer: 'provider',
    write: (frame: Uint8Array) =>
      new Promise<void>((resolve) => {
        stalled.push(() => {
          written.push(parseFrame(hubEarnEventSchema, frame))
          resolve()
        })
      }),
    abort: () => void (state.aborted = true),
  } as unknown as FrameStream
  const takeAll = async () => {
    for (let take = stalled.shift(); take; take = stalled.shift()) {
      take()
      await new Promise((resolve) => setTimeout(resolve, 0))
    }
  }
  return { clock, state, written, takeAll, line: new EarnLine(signer.address, channel, stream, clock) }
}

test('of payments that wait for a slow provider only each job’s newest is sent', async () => {
  const { line, written, takeAll } = openLine()
  for (const event of [pay(1, 1n), pay(1, 2n), pay(2, 3n), pay(1, 4n)]) line.send(event)
  await takeAll()
  expect(written).toEqual([pay(1, 1n), pay(2, 3n), pay(1, 4n)])
})

test('a provider that takes nothing is cut', async () => {
  const { line, clock, state } = openLine()
  line.send(pay(1, 1n))
  await clock.advance(9_999)
  expect(state.aborted).toBe(false)
  await clock.advance(1)
  expect(state.aborted).toBe(true)
})

test('a provider that lets too much wait is cut', () => {
  const { line, state } = openLine()
  for (let job = 0; job < 257; job++) line.send(pay(job, 1n))
  expect(state.aborted).toBe(false)
  line.send(pay(257, 1n))
  expect(state.aborted).toBe(true)
})

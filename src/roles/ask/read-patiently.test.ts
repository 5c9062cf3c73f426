import { expect, test } from 'vitest'
import { ManualClock } from '../../device/manual-clock.ts'
import { TransportError } from '../../errors/index.ts'
import type { ProviderFrame } from '../../protocol/infer-messages.ts'
import { limits } from '../../protocol/limits.ts'
import { readPatiently } from './read-patiently.ts'

const waiting: ProviderFrame = { type: 'waiting' }
const tokens: ProviderFrame = { type: 'tokens', start: 0, tokenIds: [1], text: 'a' }

/** What comes, and how long after the frame before. */
type Arrival = { afterMs: number; frame: ProviderFrame }

/** Reads parts of a job that comes in as told, each with half a minute's silence allowed; returns when they came. */
async function readParts(arrivals: Arrival[], parts: number) {
  const clock = new ManualClock()
  const allowed: number[] = []
  const next = readPatiently(async (timeoutMs) => {
    allowed.push(timeoutMs)
    const { afterMs, frame } = arrivals.shift() ?? { afterMs: Infinity, frame: waiting }
    await clock.advance(Math.min(afterMs, timeoutMs))
    if (afterMs > timeoutMs) throw new TransportError('transport/timeout', 'The other side fell silent.')
    return frame
  }, clock)
  const cameMs: number[] = []
  let code: string | null = null
  try {
    for (let part = 0; part < parts; part++) {
      await next(30_000)
      cameMs.push(clock.nowMs())
    }
  } catch (error) {
    code = (error as TransportError).code
  }
  return { cameMs, allowed, code, endedMs: clock.nowMs() }
}

const every = (afterMs: number, count: number): Arrival[] =>
  Array.from({ length: count }, () => ({ afterMs, frame: waiting }))

test('a part may take as long as its silence where nothing is said of it', async () => {
  const late = await readParts([{ afterMs: 30_001, frame: tokens }], 1)
  expect([late.code, late.endedMs]).toEqual(['transport/timeout', 30_000])
  expect((await readParts([{ afterMs: 29_999, frame: tokens }], 1)).cameMs).toEqual([29_999])
})

test('a part of which is said that it comes may come later', async () => {
  const { cameMs } = await readParts([...every(15_000, 10), { afterMs: 15_000, frame: tokens }], 1)
  expect(cameMs).toEqual([165_000])
})

test('who said that it comes has to say so again', async () => {
  const { code, endedMs } = await readParts(every(15_000, 4), 1)
  expect([code, endedMs]).toEqual(['transport/timeout', 90_000])
})

test('nobody is put off for more than five minutes', async () => {
  const { code, endedMs } = await readParts(every(15_000, 60), 1)
  expect([code, endedMs]).toEqual(['transport/timeout', 330_000])
  const inOne = await readParts(every(29_000, 60), 1)
  expect([inOne.code, inOne.endedMs]).toEqual(['transport/timeout', 330_000])
})

test('five minutes are for all parts together', async () => {
  const part = [...every(15_000, 8), { afterMs: 10_000, frame: tokens }]
  // Each comes 100 seconds later than it should.
  const { code, cameMs, endedMs } = await readParts([...part, ...part, ...part, ...part], 4)
  expect([code, cameMs]).toEqual(['transport/timeout', [130_000, 260_000, 390_000]])
  expect(endedMs).toBe(420_000)
})

test('what comes in time uses none of them', async () => {
  const part = [...every(15_000, 1), { afterMs: 15_000, frame: tokens }]
  const { cameMs } = await readParts(Array.from({ length: 40 }, () => part).flat(), 40)
  expect(cameMs.at(-1)).toBe(1_200_000)
})

test('who says it over and over is left', async () => {
  const { code, allowed } = await readParts(every(1, 1_000), 1)
  expect([code, allowed.length]).toEqual(['protocol/unexpected-frame', limits.waitingFrames + 1])
})

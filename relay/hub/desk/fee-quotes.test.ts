import { beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../../src/device/manual-clock.ts'
import { FeeQuotes } from './fee-quotes.ts'

let clock: ManualClock
let costWei: bigint
let quotes: FeeQuotes

beforeEach(() => {
  clock = new ManualClock(1_800_000_000_000)
  costWei = 8_000n
  const chain = { gasCost: async (_action: string, channels = 1) => costWei * BigInt(channels) }
  quotes = new FeeQuotes({ chain, clock, weiPerMicroUsd: 100n })
})

test('a fee is the cost and a quarter, for two minutes', async () => {
  expect(await quotes.quote('deposit')).toEqual({ feeMicroUsd: 100n, expiresAtSeconds: 1_800_000_120 })
  expect(await quotes.quote('claim', 3)).toMatchObject({ feeMicroUsd: 300n })
})

test('a fee is rounded up, and gas is never sent for nothing', async () => {
  costWei = 81n
  expect(await quotes.quote('deposit')).toMatchObject({ feeMicroUsd: 2n })
  costWei = 1n
  expect(await quotes.quote('refund')).toMatchObject({ feeMicroUsd: 1n })
})

test('the lowest fee that was quoted counts until its time is over', async () => {
  await quotes.quote('deposit')
  await clock.advance(60_000)
  costWei = 16_000n
  await quotes.quote('deposit')
  expect(await quotes.least('deposit')).toBe(100n)
  await clock.advance(60_000)
  expect(await quotes.least('deposit')).toBe(200n)
})

test('a lower fee outlives an earlier, higher one', async () => {
  await quotes.quote('deposit')
  await clock.advance(1_000)
  costWei = 4_000n
  await quotes.quote('deposit')
  await clock.advance(119_500)
  expect(await quotes.least('deposit')).toBe(50n)
})

test('what was not quoted costs what it costs now', async () => {
  await quotes.quote('claim', 1)
  expect(await quotes.least('claim', 2)).toBe(200n)
})

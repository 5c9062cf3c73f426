import { beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../device/manual-clock.ts'
import type { JobPayments } from '../earn/job-payments.ts'
import { type PaymentGate, createPaymentGate } from './payment-gate.ts'

const price = { promptMicroUsdPerMillion: 1_000_000n, completionMicroUsdPerMillion: 2_000_000n }
const never = new AbortController().signal

let clock: ManualClock
let gate: PaymentGate
let paid: bigint
let listeners: Set<() => void>

function pay(amount: bigint): void {
  paid = amount
  for (const listener of listeners) listener()
}

/** What a wait has come to so far. */
function outcome(waiting: Promise<unknown>): { over: unknown } {
  const seen: { over: unknown } = { over: 'waiting' }
  void waiting.then((value) => (seen.over = value ?? 'done'))
  return seen
}

beforeEach(() => {
  clock = new ManualClock()
  paid = 0n
  listeners = new Set()
  const payments: JobPayments = {
    paidMicroUsd: () => paid,
    watchPaid(onPaid) {
      listeners.add(onPaid)
      return () => listeners.delete(onPaid)
    },
    take: async () => {},
  }
  gate = createPaymentGate(payments, { promptTokens: 10, windowTokens: 32, price }, clock)
})

test('is open for one token until that and the prompt are paid, and for the window then', async () => {
  expect(await gate.mayServe(0, 1_000, never)).toBe(true)
  const next = outcome(gate.mayServe(1, 1_000, never))
  pay(11n)
  await clock.advance(0)
  expect(next.over).toBe('waiting')
  pay(12n)
  await clock.advance(0)
  expect(next.over).toBe(true)
  expect(await gate.mayServe(32, 1_000, never)).toBe(true)
  const last = outcome(gate.mayServe(33, 1_000, never))
  pay(13n)
  await clock.advance(0)
  expect(last.over).toBe('waiting')
  pay(14n)
  await clock.advance(0)
  expect(last.over).toBe(true)
})

test('is open where nothing is to be paid', async () => {
  const free = { promptMicroUsdPerMillion: 0n, completionMicroUsdPerMillion: 0n }
  const payments: JobPayments = { paidMicroUsd: () => 0n, watchPaid: () => () => {}, take: async () => {} }
  gate = createPaymentGate(payments, { promptTokens: 10, windowTokens: 32, price: free }, clock)
  expect(await gate.mayServe(1_000, 1_000, never)).toBe(true)
})

test('stays shut when payment stays out, and forgets who waited', async () => {
  const next = outcome(gate.mayServe(1, 1_000, never))
  await clock.advance(999)
  expect(next.over).toBe('waiting')
  await clock.advance(1)
  expect(next.over).toBe(false)
  expect(listeners.size).toBe(0)
})

test('lets go at once when the answer is over', async () => {
  const over = new AbortController()
  const next = outcome(gate.mayServe(1, 1_000, over.signal))
  over.abort()
  await clock.advance(0)
  expect(next.over).toBe(false)
})

test('waits for the last payment, but not for ever', async () => {
  const first = outcome(gate.settled(50n, 1_000, never))
  pay(50n)
  await clock.advance(0)
  expect(first.over).toBe('done')
  const second = outcome(gate.settled(51n, 1_000, never))
  await clock.advance(1_000)
  expect(second.over).toBe('done')
})

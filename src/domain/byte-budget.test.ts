import { expect, test } from 'vitest'
import { ByteBudget } from './byte-budget.ts'

/** Sends frames one after the other for a time, and returns how many bytes went out. */
function sendFor(budget: ByteBudget, untilMs: number, fromMs = 0): number {
  let nowMs = fromMs
  let sent = 0
  while (nowMs < untilMs) {
    nowMs += budget.book(1000, nowMs)
    sent += 1000
  }
  return sent
}

test('lets the rate through, and a short burst at the beginning', () => {
  expect(sendFor(new ByteBudget(100_000), 10_000)).toBeGreaterThanOrEqual(1_000_000)
  expect(sendFor(new ByteBudget(100_000), 10_000)).toBeLessThanOrEqual(1_030_000)
})

test('does not save up what was not used for long', () => {
  const budget = new ByteBudget(100_000)
  budget.book(1000, 0)
  expect(sendFor(budget, 61_000, 60_000)).toBeLessThanOrEqual(130_000)
})

test('shares one rate among all who send', () => {
  const budget = new ByteBudget(1000)
  budget.book(250, 0)
  expect(budget.book(500, 0)).toBe(500)
  expect(budget.book(500, 0)).toBe(1000)
})

test('a new rate holds at once', () => {
  const budget = new ByteBudget(1)
  expect(budget.book(1000, 0)).toBeGreaterThan(900_000)
  budget.limit(1_000_000)
  expect(budget.book(1000, 0)).toBe(0)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { depositAfter, isLow, onTrust } from './deposit-size.ts'

const sizes = { firstDepositMicroUsd: 20_000n, depositMicroUsd: 1_000_000n }

test.each([
  [0n, 20_000n],
  [1n, 20_000n],
  [5_000n, 20_000n],
  [5_001n, 20_004n],
  [250_000n, 1_000_000n],
  [10n ** 12n, 1_000_000n],
])('after %d was paid, %d is deposited', (promised, amount) => {
  expect(depositAfter(promised, sizes)).toBe(amount)
})

test('a host that wants to deposit less than is usual at first, does', () => {
  expect(depositAfter(0n, { ...sizes, depositMicroUsd: 5_000n })).toBe(5_000n)
})

test('nothing is topped up before anything was paid', () => {
  expect(isLow(0n, 0n, sizes)).toBe(false)
  expect(isLow(4_999n, 1n, sizes)).toBe(true)
  expect(isLow(5_000n, 1n, sizes)).toBe(false)
  // Jobs that wait for a deposit make it themselves.
  expect(isLow(-1n, 1n, sizes)).toBe(false)
})

test('a channel that was only ever topped up from what was used up holds nothing on trust', () => {
  const amount = fc.bigInt({ min: 5_000n, max: 10n ** 9n })
  fc.assert(
    fc.property(amount, fc.bigInt({ min: 0n, max: 10n ** 9n }), (promised, free) => {
      fc.pre(isLow(free, promised, sizes))
      expect(onTrust(free + depositAfter(promised, sizes), promised)).toBe(0n)
    }),
  )
})

test('what a provider was not paid for lies there on trust', () => {
  expect(onTrust(20_000n, 0n)).toBe(20_000n)
  expect(onTrust(20_000n, 1_000n)).toBe(15_000n)
  expect(onTrust(20_000n, 4_000n)).toBe(0n)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chargeMicroUsd, coveredTokens, isAtMost } from './price.ts'

const price = { promptMicroUsdPerMillion: 50_000n, completionMicroUsdPerMillion: 200_000n }

test('a charge is rounded down once, on its cumulative total', () => {
  expect(chargeMicroUsd({ promptTokens: 37, completionTokens: 24 }, price)).toBe(6n)
  expect(chargeMicroUsd({ promptTokens: 0, completionTokens: 4 }, price)).toBe(0n)
  expect(chargeMicroUsd({ promptTokens: 0, completionTokens: 5 }, price)).toBe(1n)
})

const arbitraryPrice = fc.record({
  promptMicroUsdPerMillion: fc.bigInt(0n, 10n ** 12n),
  completionMicroUsdPerMillion: fc.bigInt(1n, 10n ** 12n),
})

test('a price is at most another when no answer costs more at it', () => {
  expect(isAtMost(price, price)).toBe(true)
  expect(isAtMost({ ...price, promptMicroUsdPerMillion: 50_001n }, price)).toBe(false)
  expect(isAtMost({ promptMicroUsdPerMillion: 0n, completionMicroUsdPerMillion: 200_001n }, price)).toBe(
    false,
  )
  expect(isAtMost({ promptMicroUsdPerMillion: 0n, completionMicroUsdPerMillion: 0n }, price)).toBe(true)
})

test('covered tokens are the most that a payment is enough for', () => {
  fc.assert(
    fc.property(arbitraryPrice, fc.nat(100_000), fc.bigInt(0n, 10n ** 9n), (price, promptTokens, paid) => {
      const covered = coveredTokens(paid, promptTokens, price)
      const cost = (completionTokens: number) => chargeMicroUsd({ promptTokens, completionTokens }, price)
      expect(cost(covered + 1)).toBeGreaterThan(paid)
      if (covered > 0) expect(cost(covered)).toBeLessThanOrEqual(paid)
    }),
  )
})

test('nothing is covered before the prompt is paid, everything when answers are free', () => {
  const dear = { promptMicroUsdPerMillion: 1_000_000n, completionMicroUsdPerMillion: 1_000_000n }
  expect(coveredTokens(9n, 10, dear)).toBe(0)
  expect(coveredTokens(10n, 10, dear)).toBe(0)
  expect(coveredTokens(11n, 10, dear)).toBe(1)
  const free = { promptMicroUsdPerMillion: 1_000_000n, completionMicroUsdPerMillion: 0n }
  expect(coveredTokens(10n, 10, free)).toBe(Number.MAX_SAFE_INTEGER)
})

import { expect, test } from 'vitest'
import { coins, dollars, duration, grouped, percent } from './amounts.ts'

test.each([
  [0n, '$0.00'],
  [1n, '$0.000001'],
  [1_234n, '$0.001234'],
  [9_999_999n, '$9.999999'],
  [10_009_999n, '$10.00'],
  [1_234_567_890_000n, '$1,234,567.89'],
  [-1_500_000n, '−$1.50'],
])('%d micro-dollars read %s', (microUsd, text) => {
  expect(dollars(microUsd)).toBe(text)
})

test.each([
  [0, '0 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [3 * 3600 + 60, '3 h 1 min'],
  [273_600, '3 d 4 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text)
})

test('coins, shares and counts', () => {
  expect(coins(12_345_678_900_000_000n)).toBe('0.012345')
  expect(percent(25_000)).toBe('2.5%')
  expect(grouped(1_000)).toBe('1,000')
  expect(grouped(999)).toBe('999')
})

import { expect, it } from 'vitest'
import { parseUsd } from './parse-usd.ts'

it.each([
  ['1', 1_000_000n],
  ['0.000001', 1n],
  [' $2.5 ', 2_500_000n],
  ['3.', 3_000_000n],
  ['0', 0n],
])('reads %j', (text, amount) => {
  expect(parseUsd(text)).toBe(amount)
})

it.each(['', '.5', '-1', '1e3', '1,000', '0.0000001', '1.2.3', 'ten', '9'.repeat(13)])(
  'takes %j for no amount',
  (text) => {
    expect(parseUsd(text)).toBeNull()
  },
)

import { expect, test } from 'vitest'
import { judgeMargins } from './judge-margins.ts'

const margins = (disagreeing: number, each: number, of = 100) =>
  Array.from({ length: of }, (_, index) => (index < disagreeing ? each : 0))

test('the same bits are the same, whatever the arithmetic', () => {
  expect(judgeMargins(margins(0, 0), true)).toBe('same')
  expect(judgeMargins(margins(0, 0), false)).toBe('same')
})

test('with the same arithmetic one token is proof', () => {
  expect(judgeMargins(margins(1, 0.001), true)).toBe('different')
})

test('where bits differ an honest pattern passes and a dishonest one does not', () => {
  expect(judgeMargins(margins(14, 0.5), false)).toBe('close')
  expect(judgeMargins(margins(34, 1.6), false)).toBe('different')
  expect(judgeMargins(margins(12, 3), false)).toBe('different')
})

import { expect, it } from 'vitest'
import { niceTicks } from './nice-ticks.ts'

it.each([
  [1, [0, 0.5, 1]],
  [31, [0, 10, 20, 30, 40]],
  [0.1, [0, 0.05, 0.1]],
  [0.35, [0, 0.1, 0.2, 0.3, 0.4]],
  [80, [0, 20, 40, 60, 80]],
])('covers 0 to %s with round steps', (max, ticks) => {
  expect(niceTicks(max)).toEqual(ticks)
})

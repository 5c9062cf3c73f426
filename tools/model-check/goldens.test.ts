import { expect, test } from 'vitest'
import { compareDistributions } from './goldens.ts'

const position = { ids: [3, 1], logprobs: [Math.log(0.6), Math.log(0.3)] }

test('the same distribution diverges by nothing and agrees', () => {
  const same = { ids: [3, 1, 2], logProbs: [Math.log(0.6), Math.log(0.3), Math.log(0.1)] }
  const score = compareDistributions([position], [same])
  expect(score.klNats).toBeCloseTo(0, 12)
  expect(score).toMatchObject({ positions: 1, agreements: 1 })
})

test('divergence counts the listed ids and the rest as one bucket', () => {
  const other = { ids: [1, 3, 0, 2], logProbs: [0.5, 0.3, 0.1, 0.1].map(Math.log) }
  const { klNats, agreements } = compareDistributions([position], [other])
  const expected = 0.6 * Math.log(0.6 / 0.3) + 0.3 * Math.log(0.3 / 0.5) + 0.1 * Math.log(0.1 / 0.2)
  expect(klNats).toBeCloseTo(expected, 12)
  expect(agreements).toBe(0)
})

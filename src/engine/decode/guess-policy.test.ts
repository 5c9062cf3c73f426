import { expect, test } from 'vitest'
import { GuessPolicy } from './guess-policy.ts'

const usual = (rows: number) => 1 + (rows - 1) / 14
const dear = (rows: number) => rows

function judge(policy: GuessPolicy, matched: number, agreed: boolean, times = 100): GuessPolicy {
  for (let time = 0; time < times; time++) policy.judge(matched, agreed)
  return policy
}

test('guesses that agree are checked as many as there are', () => {
  const policy = judge(new GuessPolicy(), 3, true)
  expect(policy.count(7, 3, usual)).toBe(7)
  expect(policy.count(2, 3, usual)).toBe(2)
  expect(policy.count(0, 3, usual)).toBe(0)
})

test('guesses that fail are not checked any more, and are again when they would have agreed', () => {
  const policy = judge(new GuessPolicy(), 1, false)
  for (let step = 0; step < 500; step++) expect(policy.count(7, 1, usual)).toBe(0)
  judge(policy, 1, true)
  expect(policy.count(7, 1, usual)).toBe(7)
})

test('a match of one length says nothing of another', () => {
  const policy = judge(new GuessPolicy(), 1, false)
  expect(policy.count(7, 3, usual)).toBeGreaterThan(0)
})

test('half of the guesses right are worth few of them, and none where rows are dear', () => {
  const policy = new GuessPolicy()
  for (let time = 0; time < 100; time++) policy.judge(2, time % 2 === 0)
  expect(policy.count(7, 2, usual)).toBeGreaterThan(1)
  expect(policy.count(7, 2, usual)).toBeLessThan(5)
  expect(policy.count(7, 2, dear)).toBe(0)
})

test('where rows look dear, a few are tried now and then, so that their cost is measured anew', () => {
  const policy = judge(new GuessPolicy(), 3, true)
  const counts = Array.from({ length: 640 }, () => policy.count(7, 3, () => 9))
  expect(counts.filter((count) => count > 0)).toEqual(Array.from({ length: 10 }, () => 3))
})

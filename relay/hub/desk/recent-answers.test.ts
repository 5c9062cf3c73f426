import { expect, test } from 'vitest'
import { RecentAnswers } from './recent-answers.ts'

test('work is done once, also when asked for twice at once', async () => {
  const answers = new RecentAnswers<number>()
  let times = 0
  const work = async () => ++times
  expect(await Promise.all([answers.once('a', work), answers.once('a', work)])).toEqual([1, 1])
  expect(await answers.once('a', work)).toBe(1)
  expect(await answers.once('b', work)).toBe(2)
})

test('what failed may be tried again', async () => {
  const answers = new RecentAnswers<string>()
  await expect(answers.once('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await answers.once('a', async () => 'yes')).toBe('yes')
})

test('what does not hold any more is done anew, once for all who ask', async () => {
  const answers = new RecentAnswers<number>()
  let times = 0
  const ask = (holds: boolean) =>
    answers.once(
      'a',
      async () => ++times,
      async () => holds,
    )
  expect([await ask(false), await ask(true)]).toEqual([1, 1])
  expect(await Promise.all([ask(false), ask(false), ask(false)])).toEqual([2, 2, 2])
  expect(await ask(true)).toBe(2)
})

test('the oldest is forgotten in the end', async () => {
  const answers = new RecentAnswers<number>()
  for (let key = 0; key <= 1_000; key++) await answers.once(String(key), async () => key)
  expect(await answers.once('0', async () => -1)).toBe(-1)
  expect(await answers.once('1000', async () => -1)).toBe(1000)
})

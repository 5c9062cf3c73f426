import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

test('one thing at a time, in the order of asking; others do not wait', async () => {
  const turns = new Turns()
  const first = Promise.withResolvers<void>()
  const order: string[] = []
  const slow = turns.take('a', async () => {
    await first.promise
    order.push('slow')
  })
  const next = turns.take('a', async () => order.push('next'))
  await turns.take('b', async () => order.push('other'))
  first.resolve()
  await Promise.all([slow, next])
  expect(order).toEqual(['other', 'slow', 'next'])
})

test('a failure is its own', async () => {
  const turns = new Turns()
  const failed = turns.take('a', () => Promise.reject(new Error('no')))
  const next = turns.take('a', async () => 'yes')
  await expect(failed).rejects.toThrow('no')
  expect(await next).toBe('yes')
})
